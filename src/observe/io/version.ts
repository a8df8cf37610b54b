import { existsSync, readFileSync } from "node:fs";

/** The version in the package that this file belongs to, from a checkout and from an installed package alike. */
export function packageVersion(): string {
  for (const up of ["../../../package.json", "../../../../package.json"]) {
    const url = new URL(up, import.meta.url);
    if (!existsSync(url)) continue;
    const { name, version } = JSON.parse(readFileSync(url, "utf8")) as { name?: string; version?: string };
    if (name === "hopseal" && version !== undefined) return version;
  }
  return "unknown";
}
