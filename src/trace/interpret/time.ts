import type { Received } from "../parse/types.ts";
import { bareName } from "./ours.ts";
import type { HopDelay, Path } from "./types.ts";

/** The time between two fields; not known when a zone is missing, because that may hide hours. */
export function delayBetween(newer: Received | undefined, older: Received | undefined): HopDelay {
  const later = usable(newer);
  const earlier = usable(older);
  if (later === undefined || earlier === undefined) return { kind: "unknown" };
  const seconds = (later - earlier) / 1000;
  if (seconds < 0) return { seconds, corrected: 0, kind: "negative" };
  return { seconds, corrected: seconds, kind: "ok", label: labelOf(seconds) };
}

/** From the oldest to the newest field with a usable time. */
export function totalDelay(fields: readonly Received[]): HopDelay {
  const newest = fields.find((field) => usable(field) !== undefined);
  const oldest = fields.findLast((field) => usable(field) !== undefined);
  return newest === oldest ? { kind: "unknown" } : delayBetween(newest, oldest);
}

/** Each host beside a time that runs backwards, with the largest such step: a lower bound of its clock's error. */
export function skewEstimates(fields: readonly Received[], delays: readonly HopDelay[]): Path["skewEstimates"] {
  const worst = new Map<string, Path["skewEstimates"][number]>();
  const note = (field: Received | undefined, atLeastSeconds: number, clock: "fast" | "slow"): void => {
    const host = field?.by?.name ?? field?.by?.ip;
    if (host === undefined) return;
    const key = bareName(host);
    if ((worst.get(key)?.atLeastSeconds ?? 0) < atLeastSeconds) worst.set(key, { host: key, atLeastSeconds, clock });
  };
  for (const [at, delay] of delays.entries()) {
    if (delay.kind !== "negative" || delay.seconds === undefined) continue;
    note(fields[at], -delay.seconds, "slow");
    note(fields[at + 1], -delay.seconds, "fast");
  }
  return [...worst.values()];
}

function usable(field: Received | undefined): number | undefined {
  const quality = field?.date.quality;
  return quality === "ok" || quality === "obsolete" ? field?.date.instant : undefined;
}

function labelOf(seconds: number): NonNullable<HopDelay["label"]> {
  if (seconds < 60) return "under a minute";
  if (seconds < 300) return "under 5 minutes";
  return seconds < 3600 ? "under an hour" : "queued or greylisted";
}
