import { posix } from "node:path";
import { isBuiltin } from "node:module";
import { scanImports } from "./scan.ts";

/** layers.json: which folder stands in which row, and what a row may import besides the rows below it. */
export interface Layers {
  readonly rows: readonly Row[];
  /** Folders that only files with these beginnings may import. */
  readonly onlyFrom: { readonly [folder: string]: readonly string[] };
  /** Modules of Node that do input or output. */
  readonly ioModules: readonly string[];
  /** Modules of Node that are kept to some folders. */
  readonly modules: { readonly [name: string]: readonly string[] };
  /** Folders that may name a package; a package that is not here may be imported by tests and tools alone. */
  readonly packages: { readonly [name: string]: readonly string[] };
}

export interface Row {
  /** A number, the height, and a letter for the rows of one height, which do not see each other. */
  readonly row: string;
  /** `src/x`, `src/**` + `/io`, a file, or `**` + `/*.suffix`; the longest that fits a file counts. */
  readonly folders: readonly string[];
  /** Rows and folders of the same height. */
  readonly also?: readonly string[];
  /** Sockets, files, databases. */
  readonly io?: boolean;
  /** A folder inside a capability whose other files it may import one by one. */
  readonly shell?: boolean;
  readonly everything?: boolean;
}

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

interface Place {
  readonly row: Row;
  /** The folder that put the file into its row. */
  readonly folder: string;
  /** The capability that the file belongs to. */
  readonly owner: string;
}

/** Checks every import of `files` (path from the root, with "/", to its text). */
export function checkLayers(files: ReadonlyMap<string, string>, layers: Layers): Violation[] {
  const found: Violation[] = [];
  for (const [file, text] of files) {
    const place = placeOf(file, layers);
    if (place === undefined) {
      found.push({ file, line: 1, message: "this folder stands in no row; give it one in tools/layers/layers.json" });
      continue;
    }
    for (const { specifier, line } of scanImports(text)) {
      const message = specifier.startsWith(".")
        ? judgeFile({ file, place, target: posix.join(posix.dirname(file), specifier) }, files, layers)
        : judgeModule(file, place, { specifier, layers });
      if (message !== undefined) found.push({ file, line, message });
    }
  }
  return found;
}

function judgeModule(
  file: string,
  place: Place,
  { specifier, layers }: { specifier: string; layers: Layers },
): string | undefined {
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith("node:")) return `imports "${specifier}"; write "node:${specifier}"`;
    if (place.row.everything === true) return undefined;
    const kept = layers.modules[specifier];
    if (kept !== undefined && !kept.some((folder) => within(file, folder))) {
      return `imports "${specifier}", which belongs to ${kept.join(", ") || "tests"} alone; go through what is there`;
    }
    const name = specifier.slice(5).split("/", 1)[0] ?? "";
    if (place.row.io !== true && layers.ioModules.includes(name)) {
      return `imports "${specifier}" in ${label(place)}, which is pure; move the I/O to an io/ folder and hand its result in`;
    }
    return undefined;
  }
  if (place.row.everything === true) return undefined;
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const folders = layers.packages[name];
  if (folders === undefined) {
    return `imports the package "${name}", which no folder may name; put it behind an adapter and name that in tools/layers/layers.json`;
  }
  if (folders.some((folder) => within(file, folder))) return undefined;
  return `imports the package "${name}", which belongs to ${folders.join(", ")} alone; go through what is there`;
}

function judgeFile(
  { file, place, target }: { file: string; place: Place; target: string },
  files: ReadonlyMap<string, string>,
  layers: Layers,
): string | undefined {
  if (place.row.everything === true) return undefined;
  if (!target.endsWith(".ts")) return undefined;
  if (!files.has(target)) return `imports ${target}, which does not exist in the checked folders`;
  const there = placeOf(target, layers);
  if (there === undefined) return undefined;
  if (there.row.everything === true) {
    return `imports ${target}; only tests and tools may import row ${there.row.row}, move what is shared to src/`;
  }
  for (const [folder, from] of Object.entries(layers.onlyFrom)) {
    if (within(target, folder) && !within(file, folder) && !from.some((prefix) => file.startsWith(prefix))) {
      return `imports ${target}; only ${from.join(", ")} may import ${folder}/`;
    }
  }
  const own = within(target, place.owner);
  if (own && (place.row.shell === true || there.row.shell !== true) && sameCapability(place, there)) return undefined;
  if (own && there.row.shell === true) {
    return `imports ${target}; a pure file does not import its shell, let the shell call it`;
  }
  if (!allowed(place, there, target)) {
    return `imports ${target}; ${label(place)} may not import ${label(there)}; turn the arrow around or hand the value in (design: allowed arrows)`;
  }
  if (posix.basename(target) !== "mod.ts") {
    return `imports ${target} past its door; import ${there.folder}/mod.ts and export what is needed there`;
  }
  return undefined;
}

/** Inside one capability: same folder, or a shell and the folder around it. */
function sameCapability(place: Place, there: Place): boolean {
  return place.owner === there.owner || place.row.shell === true;
}

function allowed(place: Place, there: Place, target: string): boolean {
  if (place.folder === there.folder || height(there.row) < height(place.row)) return true;
  return (place.row.also ?? []).some((one) => one === there.row.row || within(target, one));
}

function height(row: Row): number {
  return Number.parseInt(row.row, 10);
}

function label(place: Place): string {
  return `${place.folder} (row ${place.row.row})`;
}

/** Which row a file stands in. */
export function placeOf(file: string, layers: Layers): Place | undefined {
  let best: { row: Row; folder: string; weight: number } | undefined;
  for (const row of layers.rows) {
    for (const pattern of row.folders) {
      const folder = match(file, pattern);
      if (folder === undefined) continue;
      const weight = pattern.startsWith("**") ? Number.POSITIVE_INFINITY : folder.length;
      if (best === undefined || weight > best.weight) best = { row, folder, weight };
    }
  }
  if (best === undefined) return undefined;
  return {
    row: best.row,
    folder: best.folder,
    owner: best.row.shell === true ? around(best.folder, layers) : best.folder,
  };
}

/** The capability around a shell's folder: the listed folder that holds it, else the folder above. */
function around(shell: string, layers: Layers): string {
  const plain = layers.rows
    .filter((row) => row.shell !== true && row.everything !== true)
    .flatMap((row) => row.folders);
  const holding = plain.filter((folder) => within(shell, folder)).sort((a, b) => b.length - a.length);
  return holding[0] ?? posix.dirname(shell);
}

/** The part of `file` that a pattern names, or undefined. */
function match(file: string, pattern: string): string | undefined {
  if (pattern.startsWith("**/*")) return file.endsWith(pattern.slice(4)) ? file : undefined;
  const hole = pattern.indexOf("/**/");
  if (hole < 0) return within(file, pattern) ? pattern : undefined;
  const tail = pattern.slice(hole + 3);
  const at = file.indexOf(`${tail}/`, hole);
  return file.startsWith(pattern.slice(0, hole + 1)) && at >= 0 ? file.slice(0, at + tail.length) : undefined;
}

function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
