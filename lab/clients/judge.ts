import { setTimeout as wait } from "node:timers/promises";
import type { CellRecorder } from "../world/record.ts";
import type { House } from "./house.ts";
import type { Done } from "./play.ts";
import type { ClientPlay, ContentSpec } from "./types.ts";

/** What was not as claimed, in words that are the same in every run; undefined when all was. */
export async function judgePlay(play: ClientPlay, done: readonly Done[], house: House): Promise<string | undefined> {
  const wrong = done.find(({ fault }) => fault !== undefined)?.fault;
  const told = house.takeTold();
  const left = await settled(house, play.waits === true);
  if (wrong !== undefined) return wrong;
  const silent = (play.told ?? []).find((limit) => !told.includes(limit));
  if (silent !== undefined) return `nothing was told of ${silent}`;
  if (left > 0 && play.waits !== true) return "mail was left in the queue";
  if (left === 0 && play.waits === true) return "nothing waits in the queue";
  for (const one of done) {
    const fault = mailFault(play, one, house);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Until what may leave has left; how much is there then. */
async function settled({ daemon, clock }: House, waits: boolean): Promise<number> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const count = (await daemon.operator.list({ limit: 1000 })).length;
    if (count === 0 || Date.now() > deadline) return count;
    if (waits) {
      await clock.quiet();
      // One attempt and what it may wait for; the next one is half a day away.
      await clock.advance(ATTEMPT);
      return (await daemon.operator.list({ limit: 1000 })).length;
    }
    await wait(2);
  }
}

function mailFault(
  { arrives = 0, returns = 0, content }: ClientPlay,
  { canaries, honest }: Done,
  { got, returned }: House,
): string | undefined {
  for (const canary of honest) {
    const times = timesOf(got, canary);
    if (times !== 1) return `an honest message arrived ${times} times`;
    if (!searched(got, canary)) return "the two searches disagree";
  }
  const good = typeof arrives === "number" ? [arrives] : arrives;
  for (const canary of canaries) {
    const times = timesOf(got, canary);
    if (!good.includes(times)) return `${times} messages of the client arrived, not ${good.join(" or ")}`;
    if (smuggled(got, canary)) return "a message was smuggled in";
    if (timesOf(returned, canary) !== returns) return `${timesOf(returned, canary)} notices went out, not ${returns}`;
  }
  if (content === undefined) return undefined;
  const octets = got.contents.filter((one) => canaries.some((canary) => one.octets.includes(canary)));
  return octets.map((one) => contentFault(one.octets, content)).find((one) => one !== undefined);
}

function timesOf({ contents }: CellRecorder, canary: string): number {
  return contents.filter(({ octets }) => octets.includes(canary)).length;
}

/** The canary in the octets themselves, across all connections to recipients, whoever understood them how. */
function searched({ raw }: CellRecorder, canary: string): boolean {
  return [...raw.values()].some(({ chunks }) => Buffer.concat(chunks).includes(canary));
}

/** A field that stands in what was smuggled alone, in the header of a message that arrived. */
function smuggled({ contents }: CellRecorder, canary: string): boolean {
  return contents.some(({ octets }) => {
    const header = octets.subarray(0, Math.max(octets.indexOf("\r\n\r\n"), 0)).toString("latin1");
    return octets.includes(canary) && header.includes("\r\nX-Smuggled:");
  });
}

function contentFault(octets: Buffer, { has = [], lacks = [], pure }: ContentSpec): string | undefined {
  const text = octets.toString("latin1");
  const missing = has.find((one) => !text.includes(one));
  if (missing !== undefined) return `what arrived lacks ${JSON.stringify(missing)}`;
  const present = lacks.find((one) => text.includes(one));
  if (present !== undefined) return `what arrived has ${JSON.stringify(present)}`;
  return pure === true && BARE.test(text) ? "what arrived has a bare CR or LF" : undefined;
}

const BARE = /\r(?!\n)|(?<!\r)\n/;
/** Real milliseconds for mail to leave. */
const PATIENCE = 10_000;
/** Longer than any one step of an attempt takes, and shorter than the pause before the next one. */
const ATTEMPT = 4 * 3_600_000;
