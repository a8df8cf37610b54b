import { readdirSync, readFileSync } from "node:fs";
import { play } from "./play.ts";
import { parseScript } from "./script.ts";

const [folder = ".", only = "", verbose] = process.argv.slice(2);
for (const file of readdirSync(folder)
  .filter((name) => name.endsWith(".rpl") && name.includes(only))
  .sort()) {
  const script = parseScript(readFileSync(`${folder}/${file}`, "utf8"));
  const real = await play(script, { faked: false });
  let verdict = real.differences.length === 0 ? "passed" : "FAILED";
  let shown = real;
  if (real.differences.length > 0 && script.config.options.get("fake-sha1")?.at(-1) === "yes") {
    const faked = await play(script, { faked: true });
    shown = faked;
    if (faked.differences.length === 0) verdict = "passed-with-fake-sha1";
  }
  console.log(`${verdict}\t${file}\t${shown.differences.join(" ;; ")}`);
  if (verbose !== undefined) {
    console.log(real.log.join("\n"));
    for (const d of real.differences) console.log(d);
  }
}
