import { readFileSync, writeFileSync } from "node:fs";
import { root } from "../tree.ts";

/** How far the program goes with an RFC. */
export type Support = "implemented" | "partial" | "planned" | "none";

/** A line of rfc/index.tsv. The line with section "-" speaks of the RFC as a whole and alone has `support`. */
export interface Line {
  readonly rfc: number;
  readonly section: string;
  readonly title: string;
  /** Not known for RFCs that were added by hand. */
  readonly musts: number | undefined;
  readonly support: Support | "";
}

export function readIndex(path: string = INDEX): Line[] {
  const [head, ...rest] = readFileSync(path, "utf8").trimEnd().split("\n");
  if (head !== HEAD) throw new Error(`${path}:1: expected the columns ${JSON.stringify(HEAD)}`);
  return rest.map((text, at) => parseLine(text, `${path}:${at + 2}`));
}

export function writeIndex(lines: readonly Line[]): void {
  const rows = lines.map((line) => [line.rfc, line.section, line.title, line.musts ?? "?", line.support].join("\t"));
  writeFileSync(INDEX, `${[HEAD, ...rows].join("\n")}\n`);
}

function parseLine(text: string, where: string): Line {
  const [rfc = "", section = "", title = "", musts = "", support = "", ...more] = text.split("\t");
  const wrong =
    more.length > 0 ||
    !/^\d+$/.test(rfc) ||
    !/^(?:-|[A-Z0-9]+(?:\.\d+)*)$/.test(section) ||
    title === "" ||
    !/^(?:\d+|\?)$/.test(musts) ||
    !(section === "-" ? SUPPORT : [""]).includes(support);
  if (wrong) throw new Error(`${where}: not a line of the index: ${JSON.stringify(text)}`);
  return {
    rfc: Number(rfc),
    section,
    title,
    musts: musts === "?" ? undefined : Number(musts),
    support: support as Line["support"],
  };
}

const INDEX = `${root}rfc/index.tsv`;
const HEAD = "rfc\tsection\ttitle\tmusts\tsupport";
const SUPPORT: readonly string[] = ["implemented", "partial", "planned", "none"];
