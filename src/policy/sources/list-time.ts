import type { Instant } from "../../base/mod.ts";
import type { ListJson } from "./list-json.ts";

/**
 * A time of a policy list: whole seconds since 1970, or a date and time of RFC 3339 with an offset (schema 0.1, `timestamp`).
 * Undefined for anything else, such as 29 February of a common year.
 */
export function listTime(value: ListJson | undefined): Instant | undefined {
  if (typeof value === "number")
    return Number.isSafeInteger(value) && value >= 0 && value <= LAST ? value * 1000 : undefined;
  if (typeof value !== "string" || value.length > LONGEST) return undefined;
  const match = DATE_TIME.exec(value);
  if (match === null) return undefined;
  const [, date = "", time = "", fraction = "", offset = ""] = match;
  const local = Date.parse(`${date}T${time}Z`);
  // The calendar of `Date` lets 31 April be 1 May.
  if (Number.isNaN(local) || new Date(local).toISOString().slice(0, 19) !== `${date}T${time}`) return undefined;
  return local + Number(fraction.slice(0, 3).padEnd(3, "0")) - minutesOf(offset) * 60_000;
}

function minutesOf(offset: string): number {
  if (offset === "Z") return 0;
  const size = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6));
  return offset.startsWith("-") ? -size : size;
}

const DATE_TIME =
  /^([1-9]\d{3}-\d{2}-\d{2})T([01]\d:[0-5]\d:[0-5]\d|2[0-3]:[0-5]\d:[0-5]\d)(?:\.(\d{1,20}))?(Z|[+-][01]\d:[0-5]\d)$/;
const LONGEST = 60;
/** 9999-12-31T23:59:59Z. */
const LAST = 253_402_300_799;
