import { readFileSync } from "node:fs";
import { readTree, root } from "../tree.ts";
import { checkLayers, type Layers } from "./check.ts";

/** Checks the arrows between folders: `node tools/layers/main.ts [ROOT]`. */
const layers: Layers = JSON.parse(readFileSync(new URL("./layers.json", import.meta.url), "utf8"));
const files = readTree(process.argv[2] ?? root, ["src", "lab", "bench", "test"], [".ts"]);
const violations = checkLayers(files, layers);
for (const { file, line, message } of violations) console.error(`${file}:${line}: ${message}`);
console.log(`layers: ${files.size} files, ${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
