import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { mutated } from "./apply.ts";
import { MUTANTS } from "./list.ts";

/**
 * For `node --import`: puts the bug that MUTANT_VARIABLE names into the sources as they are loaded, here and in every
 * process and worker that is started from here. Nothing is written anywhere.
 */
export const MUTANT_VARIABLE = "HOPSEAL_LAB_MUTANT";

const wanted = process.env[MUTANT_VARIABLE];
const mutant = MUTANTS.find(({ id }) => id === wanted);
if (wanted !== undefined && mutant === undefined) throw new Error(`There is no mutant ${wanted}`);

if (mutant !== undefined) {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const files = new Map(mutant.edits.map(({ file }) => [`${root}${file}`, file]));
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      const file = url.startsWith("file:") ? files.get(fileURLToPath(url)) : undefined;
      if (file === undefined || loaded.source === undefined || loaded.source === null) return loaded;
      const text = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
      const changed = mutated(mutant, file, text);
      if (!changed.ok) throw new Error(changed.error);
      return { ...loaded, source: changed.value };
    },
  });
}
