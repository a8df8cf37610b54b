import type { RawRecord } from "../../src/dns/wire/message.ts";
import type { Name } from "../../src/dns/wire/name.ts";
import { nameOf } from "../../src/dns/wire/name.ts";
import { parseRecord } from "../../src/dns/wire/text-parse.ts";
import { typeNumber } from "../../src/dns/wire/types.ts";

/** A resolver script as unbound's test suite has it: CONFIG, answer tables by server and step, and steps. */
export interface Script {
  readonly title: string;
  readonly config: Config;
  readonly ranges: readonly Range[];
  readonly steps: readonly Step[];
}

export interface Config {
  /** Options of the server, last one wins, except that `trust-anchor` and the like gather. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly stubs: readonly Zone[];
  readonly forwards: readonly Zone[];
}

/** A stub or forward zone: who is asked for names in it. */
export interface Zone {
  readonly name: Name;
  readonly addresses: readonly string[];
}

export interface Range {
  readonly from: number;
  readonly to: number;
  readonly addresses: readonly string[];
  readonly entries: readonly Entry[];
}

/** A message with the rules for matching it against a question and for adapting it. */
export interface Entry {
  readonly match: ReadonlySet<string>;
  readonly adjust: ReadonlySet<string>;
  /** Flag and response code words of REPLY. */
  readonly reply: ReadonlySet<string>;
  readonly question?: { readonly name: Name; readonly type: number };
  readonly answer: readonly RawRecord[];
  readonly authority: readonly RawRecord[];
  readonly additional: readonly RawRecord[];
}

export interface Step {
  readonly number: number;
  readonly kind: string;
  readonly words: readonly string[];
  readonly entry?: Entry;
}

export function parseScript(text: string): Script {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  const end = lines.findIndex((line) => line.trim().startsWith("CONFIG_END"));
  const config = parseConfig(lines.slice(0, Math.max(0, end)));
  return { config, ...parseScenario(lines.slice(end + 1)) };
}

function parseConfig(lines: readonly string[]): Config {
  const options = new Map<string, string[]>();
  const zones: { readonly kind: string; name: Name; addresses: string[] }[] = [];
  let clause = "server";
  for (const line of lines) {
    const found = /^\s*([a-z0-9-]+):\s*(.*?)\s*$/.exec(withoutComment(line));
    if (found === null) continue;
    const [, key = "", value = ""] = found;
    if (CLAUSES.has(key) && value === "") {
      clause = key;
      if (key !== "server") zones.push({ kind: key, name: nameOf("."), addresses: [] });
      continue;
    }
    const plain = value.replace(/^"(.*)"$/, "$1");
    const zone = zones.at(-1);
    if (clause === "server" || zone === undefined) options.set(key, [...(options.get(key) ?? []), plain]);
    else if (key === "name") zone.name = nameOf(plain);
    else if (key === "stub-addr" || key === "forward-addr") zone.addresses.push(plain.replace(/@.*$/, ""));
    else options.set(`${clause} ${key}`, [plain]);
  }
  return {
    options,
    stubs: zones.filter((zone) => zone.kind === "stub-zone"),
    forwards: zones.filter((zone) => zone.kind === "forward-zone"),
  };
}

/** `#` begins a comment unless it stands in quotes. */
function withoutComment(line: string): string {
  if (/^\s*[;#]/.test(line)) return "";
  const quote = line.indexOf('"');
  const last = line.lastIndexOf('"');
  const hash = line.indexOf("#", quote >= 0 && last > quote ? last : 0);
  return hash < 0 ? line : line.slice(0, hash);
}

function parseScenario(lines: readonly string[]): Omit<Script, "config"> {
  const ranges: { from: number; to: number; addresses: string[]; entries: Entry[] }[] = [];
  const steps: { number: number; kind: string; words: readonly string[]; entry?: Entry }[] = [];
  let title = "";
  let inRange = false;
  for (let at = 0; at < lines.length; at++) {
    const words = wordsOf(lines[at] ?? "");
    switch (words[0] ?? "") {
      case "SCENARIO_BEGIN":
        title = words.slice(1).join(" ");
        break;
      case "RANGE_BEGIN":
        inRange = true;
        ranges.push({ from: Number(words[1]), to: Number(words[2]), addresses: [], entries: [] });
        break;
      case "ADDRESS":
        ranges.at(-1)?.addresses.push(...words.slice(1));
        break;
      case "RANGE_END":
        inRange = false;
        break;
      case "STEP":
        steps.push({ number: Number(words[1]), kind: words[2] ?? "", words: words.slice(3) });
        break;
      case "ENTRY_BEGIN": {
        const end = lines.findIndex((line, index) => index > at && line.trim().startsWith("ENTRY_END"));
        const entry = parseEntry(lines.slice(at + 1, end));
        const step = steps.at(-1);
        if (inRange) ranges.at(-1)?.entries.push(entry);
        else if (step !== undefined) step.entry = entry;
        at = end;
        break;
      }
      case "SCENARIO_END":
        return { title, ranges, steps };
      default:
    }
  }
  return { title, ranges, steps };
}

/** One ENTRY_BEGIN … ENTRY_END; also the form of the record set check files. */
export function parseEntry(lines: readonly string[]): Entry {
  const sections = new Map<string, RawRecord[]>();
  const match = new Set<string>();
  const adjust = new Set<string>();
  const reply = new Set<string>();
  let section = "";
  let question: Entry["question"];
  let ttl = 3600;
  let inHex = false;
  for (const line of lines) {
    const words = wordsOf(line);
    const [first] = words;
    if (first?.startsWith("HEX_") === true) inHex = !first.endsWith("_END");
    if (first === undefined || inHex || IGNORED.test(first)) continue;
    if (first === "MATCH") for (const word of words.slice(1)) match.add(word);
    else if (first === "ADJUST") for (const word of words.slice(1)) adjust.add(word);
    else if (first === "REPLY") for (const word of words.slice(1)) reply.add(word);
    else if (first === "SECTION") section = words[1] ?? "";
    else if (first === "$TTL") ttl = Number(words[1]);
    else if (section === "QUESTION") question = parseQuestion(words);
    else if (section !== "") {
      const record = parseRecord(line.trim(), ttl);
      if (!record.ok) throw new Error(`Cannot read "${line}": ${record.error}`);
      sections.set(section, [...(sections.get(section) ?? []), record.value]);
    }
  }
  const entry = {
    match,
    adjust,
    reply,
    answer: sections.get("ANSWER") ?? [],
    authority: sections.get("AUTHORITY") ?? [],
    additional: sections.get("ADDITIONAL") ?? [],
  };
  return question === undefined ? entry : { ...entry, question };
}

function parseQuestion(words: readonly string[]): { name: Name; type: number } {
  const type = typeNumber(words.at(-1) ?? "");
  if (type === undefined) throw new Error(`Cannot read "${words.join(" ")}" as a question`);
  return { name: nameOf(words[0] ?? ""), type };
}

function wordsOf(line: string): readonly string[] {
  const text = /^\s*;/.test(line) ? "" : line.replace(/\s;.*$/, "");
  return text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
}

/** Octets given in hex, further packets and origins, none of which the validation scripts need. */
const IGNORED = /^(?:HEX_|EXTRA_PACKET|\$ORIGIN)/;
const CLAUSES: ReadonlySet<string> = new Set(["server", "stub-zone", "forward-zone", "remote-control", "auth-zone"]);
