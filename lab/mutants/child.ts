import { runLab, type RunOptions } from "../run/run.ts";

/** The process that plays the lab for one mutant; the bug was put in before this was loaded. */
const asked = JSON.parse(process.argv[2] ?? "{}") as Pick<RunOptions, "rows" | "policies">;
process.stdout.write(JSON.stringify(await runLab({ ...asked, seed: 1 })));
