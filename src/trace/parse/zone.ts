/** Minutes east of UTC, or what is known when there is no number. */
export interface Zone {
  readonly offset?: number;
  /** A number as RFC 5322 §3.3 wants it. */
  readonly strict: boolean;
}

/** Reads the zone of a date: a number, a name of RFC 5322 §4.3, or an old form; undefined when `text` is no zone. */
export function readZone(text: string): Zone | undefined {
  const number = NUMBER.exec(text);
  if (number !== null) {
    const minutes = Number(number[2]) * 60 + Number(number[3] ?? 0);
    const strict = STRICT.test(text);
    return { offset: number[1] === "-" ? 0 - minutes : minutes, strict };
  }
  if (!NAME.test(text)) return undefined;
  const upper = text.toUpperCase();
  const known = NAMES.get(upper);
  if (known !== undefined) return { offset: known, strict: false };
  const posix = POSIX.exec(upper);
  if (posix !== null) return { offset: 0 - Number(posix[1]) * 60, strict: false };
  const shifted = SHIFTED.exec(upper);
  if (shifted !== null) return { ...readZone(shifted[1] ?? ""), strict: false };
  // RFC 5322 §4.3: single letters were defined the wrong way round, other names are unknown; both say nothing.
  return { strict: false };
}

const NUMBER = /^([+-])(\d{1,2})(?::?(\d{2}))?$/;
const STRICT = /^[+-]\d{4}$/;
const NAME = /^[A-Za-z][A-Za-z0-9+:-]{0,9}$/;
/** `EST5EDT`: hours west of Greenwich; whether summer time held is not said. */
const POSIX = /^[A-Z]{3}(\d{1,2})(?:[A-Z]{3})?$/;
const SHIFTED = /^(?:GMT|UTC|UT)([+-]\d{1,2}(?::?\d{2})?)$/;

/** RFC 5322 §4.3 obs-zone. */
const NAMES: ReadonlyMap<string, number> = new Map([
  ["UT", 0],
  ["UTC", 0],
  ["GMT", 0],
  ["Z", 0],
  ["EST", -300],
  ["EDT", -240],
  ["CST", -360],
  ["CDT", -300],
  ["MST", -420],
  ["MDT", -360],
  ["PST", -480],
  ["PDT", -420],
]);
