import { isLoopback } from "../parse/address.ts";
import type { Received } from "../parse/types.ts";
import { connectionIp } from "./connection.ts";
import type { Ours } from "./ours.ts";
import type { Hop } from "./types.ts";

/**
 * How far our own hosts wrote the fields. From the top, a field is ours while its "by" is ours and the field above shows
 * that it came from one of our hosts, by something the client cannot choose: the address of the connection, a confirmed
 * reverse name, or a hand-over inside the machine. What EHLO said never counts.
 */
export function findBoundary(fields: readonly Received[], confirmed: readonly boolean[], ours: Ours): number {
  if (fields.length === 0) return -1;
  if (ours.empty) return 0;
  let boundary = -1;
  for (const [at, field] of fields.entries()) {
    if (!isWrittenByUs(field, ours, at)) break;
    boundary = at;
    if (field.doubtful || !cameFromUs(field, confirmed[at] === true, ours)) break;
  }
  return boundary;
}

/** Without configuration the newest field is believed, because the host that shows the message wrote it. */
export function trustOf(index: number, boundary: number, ours: Ours): Hop["trust"] {
  if (index > boundary) return "claimed";
  return index === boundary && !ours.empty ? "neighbour" : "ours";
}

function isWrittenByUs(field: Received, ours: Ours, at: number): boolean {
  const { by } = field;
  if (by === undefined) return false;
  if (ours.hasName(by.name) || (by.name === undefined && ours.hasIp(by.ip))) return true;
  // A content filter on the same machine calls itself localhost; below the top only our own hop can lead here.
  if (at === 0) return false;
  return by.name?.toLowerCase() === "localhost" || (by.name === undefined && by.ip !== undefined && isLoopback(by.ip));
}

function cameFromUs(field: Received, confirmed: boolean, ours: Ours): boolean {
  if (field.local !== undefined) return true;
  if (field.from?.ip === undefined) return field.protocol?.family === "local";
  const ip = connectionIp(field);
  if (ip !== undefined && (isLoopback(ip) || ours.hasIp(ip))) return true;
  return confirmed && ours.hasName(field.from.rdns);
}
