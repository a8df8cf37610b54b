import type { Instant } from "../../base/mod.ts";

/** `[day,] D Mon YYYY HH:MM[:SS] ±HHMM` with comments and spaces (RFC 5322 §3.3); a numeric zone is asked for by RFC 3464 §2.2.5. */
export function parseDate(text: string): Instant | undefined {
  if (text.length > LONGEST) return undefined;
  const words = text
    .replace(COMMENT, " ")
    .replace(",", ", ")
    .split(SPACE)
    .filter((word) => word !== "");
  if (words[0]?.endsWith(",") === true) words.shift();
  const [day = "", month = "", year = "", time = "", zone = "", ...more] = words;
  const clock = TIME.exec(time);
  const offset = ZONE.exec(zone);
  const monthAt = MONTHS.indexOf(month.toLowerCase());
  if (more.length > 0 || clock === null || offset === null || monthAt < 0) return undefined;
  if (!DAY.test(day) || !YEAR.test(year)) return undefined;
  const [, hours = "", minutes = "", seconds = "0"] = clock;
  const date = Date.UTC(Number(year), monthAt, Number(day));
  if (new Date(date).getUTCDate() !== Number(day)) return undefined;
  const [, sign, zoneHours = "", zoneMinutes = ""] = offset;
  const east = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === "-" ? -1 : 1);
  return date + ((Number(hours) * 60 + Number(minutes) - east) * 60 + Number(seconds)) * 1000;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const COMMENT = /\([^()]*\)/g;
const SPACE = /[ \t]+/;
const DAY = /^\d{1,2}$/;
const YEAR = /^\d{4}$/;
const TIME = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d|60))?$/;
const ZONE = /^([+-])([01]\d|2[0-3])([0-5]\d)$/;
const LONGEST = 200;
