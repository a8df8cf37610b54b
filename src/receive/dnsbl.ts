import { type Clock, type Millis, sleep } from "../base/mod.ts";
import type { Resolver } from "../dns/mod.ts";
import { publish } from "../observe/mod.ts";
import { type DnsblList, openDnsblList } from "./dnsbl_list.ts";
import { dnsblMemory } from "./dnsbl_memory.ts";
import { printable } from "./dnsbl_query.ts";

/** What to do with clients that a list in DNS names. */
export interface DnsblEntry {
  readonly zone: string;
  readonly wanted: (code: string) => boolean;
  /** `allow` clears a client, whatever other lists say. */
  readonly action: "refuse" | "log" | "allow";
  /** Counts towards the threshold, with `refuse`. */
  readonly score: number;
}

export interface ScreenOptions {
  readonly lists: readonly DnsblEntry[];
  /** A client whose scores come to this is refused. */
  readonly threshold: number;
  /** How long a client is kept waiting for all lists together. */
  readonly patience: Millis;
  readonly resolver: Resolver;
  readonly clock: Clock;
}

/** Looks clients up in all lists at once. */
export interface Screen extends Disposable {
  /** Why the client is refused, for the client; undefined when it is not. Answers within its bounds; rejects for nothing. */
  judge(address: string): Promise<string | undefined>;
}

export function openScreen({ lists, threshold, patience, resolver, clock }: ScreenOptions): Screen {
  const opened = lists.map((entry) => ({
    entry,
    list: openDnsblList({ ...entry, resolver, clock, heard: heardOf(entry) }),
  }));
  const reasons = dnsblMemory<string>(clock);
  const asking = new Map<string, Promise<string | undefined>>();
  let overfull = -Infinity;

  const judge = async (address: string): Promise<string | undefined> => {
    const end = new AbortController();
    const timer = clock.after(patience, () => end.abort(new Error(`no answer within ${patience / 1000} s`)));
    try {
      const answers = await Promise.all(
        opened.map(async ({ entry, list }) => ({ entry, list, listed: await list.lists(address, end.signal) })),
      );
      const listing = answers.filter(({ listed }) => listed);
      if (listing.some(({ entry }) => entry.action === "allow")) return undefined;
      const against = listing.filter(({ entry }) => entry.action === "refuse");
      const score = against.reduce((sum, { entry }) => sum + entry.score, 0);
      if (against[0] === undefined || score < threshold) return undefined;
      const known = reasons.get(address);
      if (known !== undefined) return known;
      const said = await words(address, against[0].list, clock);
      reasons.set(address, said, undefined);
      return said;
    } finally {
      timer[Symbol.dispose]();
    }
  };
  return {
    judge(address) {
      const same = asking.get(address);
      if (same !== undefined) return same;
      if (asking.size >= MOST_ASKING) {
        if (clock.monotonic() - overfull > 60_000) {
          overfull = clock.monotonic();
          const text = `${MOST_ASKING} clients are being looked up; further ones are let through`;
          publish("hopseal:fault", { where: "dnsbl", text });
        }
        return Promise.resolve(undefined);
      }
      const asked = judge(address).finally(() => asking.delete(address));
      asking.set(address, asked);
      return asked;
    },
    [Symbol.dispose]() {
      for (const { list } of opened) list[Symbol.dispose]();
    },
  };
}

function heardOf({ zone, action }: DnsblEntry): (client: string, codes: readonly string[]) => void {
  return (client, codes) => publish("hopseal:listed", { client, zone, codes, action });
}

/** The list may explain itself, but not keep the client waiting for that. */
async function words(address: string, list: DnsblList, clock: Clock): Promise<string> {
  const end = new AbortController();
  const reason = await Promise.race([
    list.reason(address, end.signal),
    sleep(clock, PATIENCE_FOR_WORDS, end.signal).catch(() => undefined),
  ]);
  end.abort();
  const about = `${address} is listed by ${list.zone}`;
  return reason === undefined || printable(reason) === "" ? about : `${about}: ${printable(reason)}`;
}

const MOST_ASKING = 500;
const PATIENCE_FOR_WORDS: Millis = 1000;
