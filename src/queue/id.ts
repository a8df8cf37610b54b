import type { Clock, Random } from "../base/mod.ts";
import type { QueueId } from "./port.ts";

/**
 * Makes a queue id: 18 lower-case letters and digits, of which the first nine are the time in milliseconds, so that ids
 * sort by age, and the others are random (46 bits), so that shards and restarts do not collide.
 */
export function newQueueId(clock: Pick<Clock, "now">, random: Random): QueueId {
  const time = Math.max(0, Math.floor(clock.now()));
  return `${base36(time, 9)}${base36(random.below(SIX_DIGITS), 6)}${base36(random.below(THREE_DIGITS), 3)}` as QueueId;
}

/** Whether `text` could be a queue id: 1 to 64 ASCII letters and digits, so that it is safe in a header, a log and a file name. */
export function isQueueId(text: string): text is QueueId {
  return QUEUE_ID.test(text);
}

function base36(value: number, width: number): string {
  return value.toString(36).padStart(width, "0");
}

const SIX_DIGITS = 36 ** 6;
const THREE_DIGITS = 36 ** 3;
const QUEUE_ID = /^[A-Za-z0-9]{1,64}$/;
