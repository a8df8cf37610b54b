import { unreachable } from "../../src/base/mod.ts";
import type { Outcome, Recorder } from "../types.ts";
import type { CellRecord, RawPlace } from "../world/record.ts";
import { countIn, placesOf } from "./search.ts";

/** What the sender's own side says of the message in the end. */
export interface SenderSays {
  readonly state: "delivered" | "deferred" | "failed" | "refused" | "gone";
  /** Its own record says who it was that took the message. */
  readonly authenticated: boolean;
}

export interface Judged {
  readonly outcome: Outcome;
  /** For ERROR: what is wrong. */
  readonly fault?: string;
  readonly evidence: readonly { readonly recorder: Recorder; readonly times: number }[];
}

export interface Seen {
  readonly record: CellRecord;
  /** Notices about this message, which came home in clear. */
  readonly notices: readonly Buffer[];
  readonly log: string;
  readonly canary: string;
  readonly bodyCanary: string;
  /** The message was given away with REQUIRETLS, so that its notice must not carry it (RFC 8689 §5). */
  readonly requireTls: boolean;
  readonly says: SenderSays;
  /** Hosts that were dialled and must not be. */
  readonly dialled?: readonly string[];
  /** Words that the log must have and has not. */
  readonly untold?: readonly string[];
  /** Must have had no effect. */
  readonly injected?: string;
}

/** What came of a message: the first of the catalogue's classes (E.4) that the recordings show. */
export function classify(seen: Seen): Judged {
  const evidence = evidenceOf(seen);
  const times = (recorder: Recorder): number => evidence.find((one) => one.recorder === recorder)?.times ?? 0;
  const outcome = outcomeOf(seen, times);
  const fault = faultOf(seen, times);
  return fault === undefined ? { outcome, evidence } : { outcome: "ERROR", fault, evidence };
}

function evidenceOf({ record, notices, log, canary }: Seen): Judged["evidence"] {
  const counts = new Map<Recorder, number>();
  const add = (recorder: Recorder, octets: Buffer): void => {
    if (countIn(octets, canary) > 0) counts.set(recorder, (counts.get(recorder) ?? 0) + 1);
  };
  for (const { recorder, octets } of record.contents) add(recorder, octets);
  for (const notice of notices) add("dsn", notice);
  add("log", Buffer.from(log));
  return [...counts]
    .map(([recorder, times]) => ({ recorder, times }))
    .sort((a, b) => (a.recorder < b.recorder ? -1 : 1));
}

function outcomeOf(seen: Seen, times: (recorder: Recorder) => number): Outcome {
  const { record, says, notices, canary, bodyCanary, requireTls } = seen;
  if (record.contents.some(({ channel, octets }) => channel === "clear" && countIn(octets, canary) > 0)) return "C";
  if (times("mitm.tls") > 0 || times("evil.mx") > 0) return "I";
  if (requireTls && notices.some((notice) => countIn(notice, bodyCanary) > 0)) return "C";
  if (times("real.mx") > 1) return "DUP";
  if (times("real.mx") === 1) return says.authenticated ? "S" : "U";
  switch (says.state) {
    case "refused":
      return "B";
    // RFC 5321 §6.1
    case "failed":
      return notices.length > 0 ? "B" : "LOST";
    case "deferred":
      return "D";
    case "delivered":
    case "gone":
      return "LOST";
    default:
      return unreachable(says.state);
  }
}

/** Where the two searches disagree, or a secret stands where none belongs. */
function faultOf(
  { record, canary, injected, dialled = [], untold = [] }: Seen,
  times: (recorder: Recorder) => number,
): string | undefined {
  const found = placesOf(record, canary);
  const told = new Set<RawPlace>();
  for (const { recorder, channel, octets } of record.contents)
    if (countIn(octets, canary) > 0) told.add(channel === "clear" ? "wire" : (PLACES[recorder] ?? "wire"));
  const odd = [...new Set([...found, ...told])].filter((place) => found.has(place) !== told.has(place));
  if (odd.length > 0) return `the two searches disagree about ${odd.sort().join(", ")}`;
  if (dialled.length > 0) return `connected to ${dialled.join(", ")}`;
  if (times("log") > 0) return "the log holds what the message says";
  if (untold.length > 0) return `the log does not say ${untold.map((one) => JSON.stringify(one)).join(", ")}`;
  if (injected !== undefined && record.notes.some((note) => note.includes(injected)))
    return `what was injected had an effect: ${injected}`;
  return undefined;
}

const PLACES: { readonly [recorder in Recorder]?: RawPlace } = {
  "mitm.tls": "mitm",
  "evil.mx": "evil",
  "real.mx": "real",
};
