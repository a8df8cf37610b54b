import { err, ok, type Result } from "../../src/base/mod.ts";
import type { Edit, Mutant } from "./types.ts";

/** The text of `file` with the mutant's bug in it; an error when what it replaces does not stand there exactly once. */
export function mutated({ edits }: Mutant, file: string, text: string): Result<string, string> {
  let changed = text;
  for (const { from, to } of edits.filter((edit) => edit.file === file)) {
    const at = changed.indexOf(from);
    if (at < 0) return err(`${file} does not have ${JSON.stringify(from)}`);
    if (changed.includes(from, at + 1)) return err(`${file} has ${JSON.stringify(from)} more than once`);
    changed = `${changed.slice(0, at)}${to}${changed.slice(at + from.length)}`;
  }
  return ok(changed);
}

/** One edit of one file, the shape of most mutants. */
export function edit(file: string, from: string, to: string): Edit {
  return { file: `src/${file}`, from, to };
}
