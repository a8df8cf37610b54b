import { MUTANTS } from "./list.ts";
import { type Proof, prove } from "./prove.ts";

/** Prints the kill list, and fails when a mutant lives: `node lab/mutants/main.ts [ID…]`. */
function line({ id, bug, flipped, fault, watched }: Proof): string {
  const word = fault === undefined ? (flipped.length > 0 ? "killed" : "LIVES ") : "FAULT ";
  const seen =
    flipped.slice(0, SHOWN).join(", ") + (flipped.length > SHOWN ? `, and ${flipped.length - SHOWN} more` : "");
  return `${word} ${id}: ${bug}\n       ${fault ?? (seen === "" ? `none of ${watched} cells changed` : seen)}`;
}

const SHOWN = 4;

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const wanted = MUTANTS.filter(({ id }) => asked.length === 0 || asked.includes(id));
  const proofs = await prove(wanted, (proof) => process.stderr.write(`${line(proof)}\n`));
  const killed = proofs.filter(({ flipped }) => flipped.length > 0);
  process.stdout.write(`${proofs.map(line).join("\n")}\n\n${killed.length} of ${proofs.length} killed\n`);
  process.exitCode = killed.length === proofs.length && proofs.length > 0 ? 0 : 1;
}
