import type { Instant } from "../../base/mod.ts";
import { readZone, type Zone } from "./zone.ts";

/** A date as a Received field gives it (RFC 5322 §3.3, §4.3). */
export interface ReceivedDate {
  readonly instant?: Instant;
  /** Minutes east of UTC. */
  readonly offset?: number;
  /** The zone and its comment as written, e.g. "-0700 (PDT)". */
  readonly zoneText?: string;
  /** `no-offset`: read as UTC, because the zone is missing or says nothing. */
  readonly quality: "ok" | "no-offset" | "obsolete" | "missing" | "bad";
}

/** Reads a date in the current form, in every obsolete one, and in the forms of ctime and ISO 8601; never fails. */
export function parseDate(text: string): ReceivedDate {
  const { words, comment } = splitWords(text.length > LONGEST ? text.slice(0, LONGEST) : text);
  if (words.length === 0) return { quality: "missing" };
  const named = WEEKDAY.test(words[0] ?? "");
  const rest = named ? words.slice(1) : words;
  const read = dayFirst(rest) ?? monthFirst(rest) ?? isoDate(rest);
  if (read === undefined) return { quality: "bad" };
  return finish(read, comment);
}

/** Whether a word can be the name of a month; used to find a date that no semicolon announces. */
export function monthNumber(word: string): number | undefined {
  return word.length < 3 || word.length > 9 ? undefined : MONTHS.get(word.slice(0, 3).toLowerCase());
}

interface Parts {
  readonly year: string;
  readonly month: number;
  readonly day: string;
  readonly time: RegExpExecArray;
  readonly zone: string | undefined;
  /** Written the way RFC 5322 §3.3 wants it, the zone aside. */
  readonly strict: boolean;
}

/** `3 Mar 2026 09:14:07 +0100`; months as numbers and joining hyphens were seen too. */
function dayFirst(words: readonly string[]): Parts | undefined {
  const joined = JOINED.exec(words[0] ?? "");
  const [day = "", monthWord = "", year = "", clock = "", zone] =
    joined === null ? words : [...joined.slice(1), ...words.slice(1)];
  if (!DAY.test(day) || !YEAR.test(year)) return undefined;
  const month = monthNumber(monthWord) ?? numericMonth(monthWord);
  if (month === undefined) return undefined;
  const strict = joined === null && monthWord.length === 3 && year.length === 4 && LETTERS.test(monthWord);
  return withTime({ year, month, day, clock, zone, strict });
}

/** `Mar  3 09:14:07 2026 +0100`, `Mar 3 09:14:07 CET 2026` (ctime), `Mar 3 2026 09:14:07 +0100`. */
function monthFirst(words: readonly string[]): Parts | undefined {
  const month = monthNumber(words[0] ?? "");
  const day = words[1] ?? "";
  if (month === undefined || !DAY.test(day)) return undefined;
  if (LONG_YEAR.test(words[2] ?? ""))
    return withTime({ year: words[2] ?? "", month, day, clock: words[3] ?? "", zone: words[4], strict: false });
  const year = LONG_YEAR.test(words[3] ?? "") ? 3 : 4;
  if (!LONG_YEAR.test(words[year] ?? "")) return undefined;
  const zone = year === 3 ? words[4] : words[3];
  return withTime({ year: words[year] ?? "", month, day, clock: words[2] ?? "", zone, strict: false });
}

function isoDate(words: readonly string[]): Parts | undefined {
  const parts = ISO.exec(words[0] ?? "");
  if (parts === null) return undefined;
  const [, year = "", month = "", day = "", clock] = parts;
  const next = clock === undefined ? 1 : 0;
  return withTime({
    year,
    month: Number(month) - 1,
    day,
    clock: clock ?? words[1] ?? "",
    zone: words[next + 1],
    strict: false,
  });
}

function withTime(parts: Omit<Parts, "time"> & { readonly clock: string }): Parts | undefined {
  const time = CLOCK.exec(parts.clock);
  if (time === null) return undefined;
  const glued = time[5] === undefined || time[5] === "" ? undefined : time[5];
  const strict = parts.strict && time[1]?.length === 2 && time[4] === undefined && glued === undefined;
  return { ...parts, time, zone: glued ?? parts.zone, strict };
}

function finish(parts: Parts, comment: string): ReceivedDate {
  const [hour, minute, second] = [1, 2, 3].map((at) => Number(parts.time[at] ?? 0)) as [number, number, number];
  const year = fullYear(parts.year);
  const day = Number(parts.day);
  if (hour > 23 || minute > 59 || second > 60 || parts.month > 11) return { quality: "bad" };
  const local = Date.UTC(year, parts.month, day, hour, minute, second);
  if (new Date(Date.UTC(year, parts.month, day)).getUTCDate() !== day) return { quality: "bad" };
  const zone = parts.zone === undefined ? undefined : readZone(parts.zone);
  const words = zone === undefined ? [comment] : [parts.zone, comment];
  const zoneText = words
    .filter((word) => word !== undefined && word !== "")
    .join(" ")
    .replace(WHITE_SPACE, " ");
  const shown = zoneText === "" ? {} : { zoneText };
  if (zone?.offset === undefined) return { instant: local, ...shown, quality: "no-offset" };
  return { instant: local - zone.offset * 60_000, offset: zone.offset, ...shown, quality: quality(parts, zone) };
}

function quality(parts: Parts, zone: Zone): ReceivedDate["quality"] {
  return parts.strict && zone.strict ? "ok" : "obsolete";
}

/** RFC 5322 §4.3: 00 to 49 are 2000 to 2049, other short years count from 1900. */
function fullYear(text: string): number {
  const year = Number(text);
  if (text.length === 2) return year < 50 ? 2000 + year : 1900 + year;
  return text.length === 3 ? 1900 + year : year;
}

function numericMonth(word: string): number | undefined {
  const month = NUMERIC_MONTH.test(word) ? Number(word) : 0;
  return month >= 1 && month <= 12 ? month - 1 : undefined;
}

/** Words without commas and comments; the last comment is kept, it may name the zone. */
function splitWords(text: string): { words: string[]; comment: string } {
  const words: string[] = [];
  let comment = "";
  let depth = 0;
  let begin = 0;
  let wordBegin = -1;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at] ?? " ";
    if (wordBegin >= 0 && (depth > 0 || BREAKS.has(character))) {
      words.push(text.slice(wordBegin, at));
      wordBegin = -1;
    }
    if (character === "(") {
      if (depth++ === 0) begin = at;
    } else if (character === ")" && depth > 0) {
      if (--depth === 0) comment = text.slice(begin, at + 1);
    } else if (depth === 0 && wordBegin < 0 && !BREAKS.has(character)) {
      wordBegin = at;
    }
  }
  return { words: words.filter((word) => HAS_ALNUM.test(word)).slice(0, MOST_WORDS), comment };
}

const LONGEST = 500;
const MOST_WORDS = 12;
const BREAKS: ReadonlySet<string> = new Set([" ", "\t", "\r", "\n", "\v", "\f", ",", "(", ")", "\u00a0"]);
const WHITE_SPACE = /\s+/g;
const HAS_ALNUM = /[A-Za-z0-9]/;
const WEEKDAY = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?$/i;
const LETTERS = /^[A-Za-z]+$/;
const DAY = /^\d{1,2}$/;
const YEAR = /^\d{2,4}$/;
const LONG_YEAR = /^\d{4}$/;
const NUMERIC_MONTH = /^\d{1,2}$/;
const JOINED = /^(\d{1,2})-([A-Za-z]{3,9})-(\d{2,4})$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:T(\S+))?$/;
/** hour, minute, second, fraction, and a zone without white space before it. */
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})([.,]\d{1,9})?)?([+-]\d{2}:?\d{2}|Z)?$/;
const MONTHS: ReadonlyMap<string, number> = new Map(
  ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"].map((name, at) => [name, at]),
);
