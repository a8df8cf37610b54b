import { existsSync, readdirSync, readFileSync } from "node:fs";
import { root } from "../tree.ts";
import { outline, titleOf } from "./outline.ts";
import { type Line, readIndex, writeIndex } from "./table.ts";

/**
 * Makes rfc/index.tsv anew from a folder of RFC texts (rfcNNNN.txt): `node tools/rfc/index.ts FOLDER`. What the index says of
 * support stays, and so do RFCs that the folder does not have.
 */
const folder = process.argv[2];
if (folder === undefined) throw new Error("Name the folder with the RFC texts: node tools/rfc/index.ts FOLDER");
const old = existsSync(`${root}rfc/index.tsv`) ? readIndex() : [];
const texts = readdirSync(folder).filter((name) => /^rfc\d+\.txt$/.test(name));
const fresh = new Map(texts.map((name) => [Number(name.slice(3, -4)), readFileSync(`${folder}/${name}`, "utf8")]));
const lines = [...fresh].flatMap(([rfc, text]) => linesOf(rfc, text));
const kept = old.filter((line) => !fresh.has(line.rfc));
writeIndex([...lines, ...kept].sort((a, b) => a.rfc - b.rfc || order(a.section, b.section)));
console.log(`rfc/index.tsv: ${fresh.size} RFCs read, ${lines.length} lines; ${kept.length} lines kept`);

function linesOf(rfc: number, text: string): Line[] {
  const sections = outline(text).map((one): Line => ({ rfc, ...one, support: "" }));
  const support = old.find((line) => line.rfc === rfc && line.section === "-")?.support;
  const musts = sections.reduce((sum, one) => sum + (one.musts ?? 0), 0);
  return [{ rfc, section: "-", title: titleOf(text), musts, support: support || "none" }, ...sections];
}

/** "-" first, then numbers by value, then letters. */
function order(left: string, right: string): number {
  const [a, b] = [left.split("."), right.split(".")];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [x, y] = [rank(a[at]), rank(b[at])];
    if (x !== y) return x - y;
  }
  return 0;
}

function rank(part: string | undefined): number {
  if (part === undefined) return -1;
  if (part === "-") return -2;
  return /^\d+$/.test(part) ? Number(part) : 1000 + part.charCodeAt(0);
}
