import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const root: string = fileURLToPath(new URL("../", import.meta.url));

/** Reads the files of some folders: path from `top`, with "/", to text, sorted; what others wrote (`corpus`) is left out. */
export function readTree(
  top: string,
  folders: readonly string[],
  suffixes: readonly string[],
): ReadonlyMap<string, string> {
  const paths: string[] = [];
  for (const folder of folders.filter((folder) => existsSync(`${top}/${folder}`))) collect(top, folder, paths);
  const wanted = paths.filter((path) => suffixes.some((suffix) => path.endsWith(suffix))).sort();
  return new Map(wanted.map((path) => [path, readFileSync(`${top}/${path}`, "utf8")]));
}

/** Reads the files that lie in `top` itself. */
export function readTop(top: string, suffixes: readonly string[]): ReadonlyMap<string, string> {
  const names = readdirSync(top).filter((name) => suffixes.some((suffix) => name.endsWith(suffix)));
  return new Map(names.sort().map((name) => [name, readFileSync(`${top}/${name}`, "utf8")]));
}

function collect(top: string, folder: string, paths: string[]): void {
  for (const entry of readdirSync(`${top}/${folder}`, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!LEFT_OUT.includes(entry.name)) collect(top, path, paths);
    } else if (entry.isFile()) paths.push(path);
  }
}

const LEFT_OUT = ["corpus", "fixtures", "node_modules"];
