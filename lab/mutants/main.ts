import { MUTANTS } from "./list.ts";
import { type Proof, prove } from "./prove.ts";

/** One mutant of the kill list, in two lines. */
export function killLine(proof: Proof): string {
  const { id, bug, flipped, fault } = proof;
  const seen =
    flipped.slice(0, SHOWN).join(", ") + (flipped.length > SHOWN ? `, and ${flipped.length - SHOWN} more` : "");
  return `${wordOf(proof).padEnd(6)} ${id}: ${bug}\n       ${fault ?? (seen === "" ? "no cell changed" : seen)}`;
}

/** A bug whose cells nobody plays yet neither lives nor is killed; it is named all the same. */
function wordOf({ flipped, fault, watched }: Proof): "killed" | "LIVES" | "FAULT" | "waits" {
  if (fault !== undefined) return "FAULT";
  if (flipped.length > 0) return "killed";
  return watched === 0 ? "waits" : "LIVES";
}

const SHOWN = 4;

/** Prints the kill list, and fails when a mutant lives: `node lab/mutants/main.ts [ID…]`. */
if (import.meta.main) {
  const asked = process.argv.slice(2);
  const wanted = MUTANTS.filter(({ id }) => asked.length === 0 || asked.includes(id));
  const proofs = await prove(wanted, (proof) => process.stderr.write(`${killLine(proof)}\n`));
  const count = (word: string): number => proofs.filter((proof) => wordOf(proof) === word).length;
  const open = count("LIVES") + count("FAULT");
  const sums = `${count("killed")} of ${proofs.length} killed, ${open} not, ${count("waits")} wait for rows that nobody plays`;
  process.stdout.write(`${proofs.map(killLine).join("\n")}\n\n${sums}\n`);
  process.exitCode = open === 0 && count("killed") > 0 ? 0 : 1;
}
