import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { writeManualPages } from "./man/write.ts";
import { readTree, root } from "./tree.ts";

/** Makes dist/ for the npm package: JavaScript and types by tsc, and beside them the data files that the sources read. */
const ENTRIES = ["dist/src/cli/main.js", "dist/src/mod.js", "dist/src/mod.d.ts"];
const ASSETS = [".sql", ".json", ".tsv", ".html", ".css"];

rmSync(`${root}dist`, { recursive: true, force: true });
const { status, error } = spawnSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (error !== undefined) throw error;
const assets = [...readTree(root, ["src", "lab"], ASSETS).keys()].filter((path) => !path.includes("/fixture"));
for (const path of assets) {
  mkdirSync(dirname(`${root}dist/${path}`), { recursive: true });
  copyFileSync(`${root}${path}`, `${root}dist/${path}`);
}
await writeManualPages();
const missing = ENTRIES.filter((path) => !existsSync(`${root}${path}`));
if (missing.length > 0) console.error(`The build made no ${missing.join(", ")}`);
process.exitCode = status === 0 && missing.length === 0 ? 0 : 1;
