import type { Instant } from "../../base/mod.ts";

/** `Tue, 3 Mar 2026 09:14:07 +0100`: local time with a numeric offset in minutes east (RFC 5322 §3.3, RFC 5321 §4.4). */
export function formatDate(at: Instant, offset: number): string {
  const local = new Date(at + offset * 60_000);
  const time = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`;
  const year = String(local.getUTCFullYear()).padStart(4, "0");
  return `${DAYS[local.getUTCDay()]}, ${local.getUTCDate()} ${MONTHS[local.getUTCMonth()]} ${year} ${time} ${zone(offset)}`;
}

function zone(offset: number): string {
  const size = Math.abs(Math.trunc(offset));
  return `${offset < 0 && size > 0 ? "-" : "+"}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
