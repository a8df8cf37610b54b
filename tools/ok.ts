import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";
import { root } from "./tree.ts";

/**
 * The gate: everything that must hold before a change goes in, the cheap things first; the first failure ends it.
 * `node tools/ok.ts [STEP…]` runs only the steps that are named.
 */
const STEPS: readonly { readonly name: string; readonly command: readonly [string, ...string[]] }[] = [
  { name: "types", command: ["tsc", "-p", "."] },
  { name: "lint", command: ["oxlint", "--type-aware"] },
  { name: "format", command: ["biome", "format", "."] },
  { name: "layers", command: ["node", "tools/layers/main.ts"] },
  { name: "rfc", command: ["node", "tools/rfc/check.ts"] },
  { name: "unused", command: ["knip", "--no-progress"] },
  { name: "tests", command: ["node", "tools/test/run.ts"] },
];

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`Unknown step ${unknown.join(", ")}; the steps are ${STEPS.map((step) => step.name).join(", ")}`);
  process.exitCode = 2;
} else {
  process.exitCode = run();
}

function run(): number {
  const env = { ...process.env, PATH: [`${root}node_modules/.bin`, process.env["PATH"] ?? ""].join(delimiter) };
  for (const { name, command } of STEPS.filter((step) => chosen.length === 0 || chosen.includes(step.name))) {
    console.log(`── ${name}: ${command.join(" ")}`);
    const began = performance.now();
    const [program, ...args] = command;
    const { status, signal, error } = spawnSync(program, args, { cwd: root, env, stdio: "inherit" });
    const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
    if (status !== 0) {
      console.error(`── ${name}: failed after ${took} (${error?.message ?? signal ?? `exit status ${status}`})`);
      return 1;
    }
    // The test runner's closing lines stay the last ones.
    if (name !== "tests") console.log(`── ${name}: ok, ${took}`);
  }
  return 0;
}
