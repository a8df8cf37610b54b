import { err, ok, type Millis, type Result } from "../base/mod.ts";

/** "30 min", "4 h", "5 d" → milliseconds. */
export function parseDuration(text: string): Result<Millis, string> {
  const match = DURATION.exec(text.trim());
  const factor = DURATIONS.get(match?.[2] ?? "");
  if (match === null || factor === undefined)
    return err(`${JSON.stringify(text)} is no duration; write e.g. "30 min", "4 h" or "5 d"`);
  return ok(Math.round(Number(match[1]) * factor));
}

/** "50 MB", "64 KiB" → octets. */
export function parseSize(text: string): Result<number, string> {
  const match = SIZE.exec(text.trim());
  const factor = SIZES.get((match?.[2] ?? "").toLowerCase());
  if (match === null || factor === undefined)
    return err(`${JSON.stringify(text)} is no size; write e.g. "50 MB" or "64 KiB"`);
  return ok(Math.round(Number(match[1]) * factor));
}

export interface HostPort {
  /** A name, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** "0.0.0.0:25", "[::1]:25" or "relay.isp.example:465"; the port may be left out when `fallback` is given. */
export function parseHostPort(text: string, fallback?: number): Result<HostPort, string> {
  const match = HOST_PORT.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? fallback : Number(match[3]);
  if (host === undefined || host === "" || port === undefined || port > 65_535) {
    return err(
      `${JSON.stringify(text)} is no address with port; write e.g. "192.0.2.1:25", "[2001:db8::1]:25" or "relay.isp.example:465"`,
    );
  }
  return ok({ host, port });
}

/** An OpenPGP fingerprint as programs print it, in groups or not → lower-case hexadecimal (RFC 9580 §5.5.4). */
export function parseFingerprint(text: string): Result<string, string> {
  const digits = text.replaceAll(" ", "").toLowerCase();
  return FINGERPRINT.test(digits)
    ? ok(digits)
    : err(`${JSON.stringify(text)} is no fingerprint; write all of its 40 or 64 hexadecimal digits`);
}

const DURATION = /^(\d{1,9}(?:\.\d{1,3})?)\s{0,3}([a-z]+)$/;
const DURATIONS = new Map<string, Millis>([
  ["ms", 1],
  ["s", 1000],
  ["sec", 1000],
  ["min", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);
const SIZE = /^(\d{1,12}(?:\.\d{1,3})?)\s{0,3}([A-Za-z]*)$/;
const SIZES = new Map<string, number>([
  ["", 1],
  ["b", 1],
  ["kb", 1000],
  ["mb", 1_000_000],
  ["gb", 1_000_000_000],
  ["kib", 1024],
  ["mib", 1024 ** 2],
  ["gib", 1024 ** 3],
]);
const FINGERPRINT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const HOST_PORT = /^(?:\[([^\]]{1,64})\]|([^:[\]]{1,255}))(?::(\d{1,5}))?$/;
