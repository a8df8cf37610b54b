import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder with other people's test suites, beside the checkout unless HOPSEAL_VECTORS says otherwise. */
const root = process.env["HOPSEAL_VECTORS"] ?? fileURLToPath(new URL("../../../shared/vectors/", import.meta.url));

/** The path of a vector set, and the reason to skip when it is not there. */
export function vectors(name: string): { readonly path: string; readonly skip: string | false } {
  const path = `${root}/${name}`;
  return { path, skip: existsSync(path) ? false : `vectors/${name} is not here` };
}
