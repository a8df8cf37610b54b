import type { Clock, Millis } from "../base/mod.ts";
import { publish } from "../observe/mod.ts";
import type { Finding } from "../policy/mod.ts";
import type { Store, TallyEntry } from "../queue/mod.ts";
import { dayOf, type SessionRecord, tallyDiscovery, tallySession } from "../tlsrpt/mod.ts";

export interface TallyOptions {
  readonly clock: Pick<Clock, "now">;
  /** Says of each session what would have kept the mail back, were it enforced. */
  readonly discover: boolean;
}

/** What to count of the sessions of one attempt; a discovery that went wrong counts once, however many hosts there are. */
export function tallier({
  clock,
  discover,
}: TallyOptions): (sessions: readonly SessionRecord[]) => readonly TallyEntry[] {
  return (sessions) => {
    const now = clock.now();
    if (discover) for (const session of sessions) tellWouldHave(session);
    const looks = new Map(sessions.map(({ destination, sts }) => [destination, sts]));
    return [
      ...sessions.flatMap((session) => tallySession(session, now)),
      ...[...looks].flatMap(([destination, sts]) => tallyDiscovery(destination, sts, now)),
    ];
  };
}

/** Forgets the tallies of old days, now and once a day, until disposed. */
export function forgetOldTallies(store: Pick<Store, "forgetTallies">, clock: Clock): Disposable {
  let next: Disposable | undefined;
  let over = false;
  const forget = (): void => {
    store.forgetTallies(dayOf(clock.now() - KEPT)).catch((error: unknown) => {
      if (over) return;
      const text = `Cannot forget old tallies: ${error instanceof Error ? error.message : String(error)}`;
      publish("hopseal:fault", { where: "policy", text });
    });
    next = clock.after(DAY, forget);
  };
  forget();
  return {
    [Symbol.dispose]() {
      over = true;
      next?.[Symbol.dispose]();
    },
  };
}

function tellWouldHave({ destination, host, findings }: SessionRecord): void {
  for (const { ok, enforced, detail, policy } of findings) {
    const source = SOURCES.get(policy.source);
    if (ok || enforced || source === undefined) continue;
    publish("hopseal:policy", {
      domain: destination,
      what: "would-have",
      source,
      text: `${host} would not have got the mail: ${detail}`,
    });
  }
}

const SOURCES: ReadonlyMap<Finding["policy"]["source"], "dane" | "mta-sts" | "list"> = new Map([
  ["dane", "dane"],
  ["mta-sts", "mta-sts"],
  ["list", "list"],
]);
const DAY: Millis = 86_400_000;
/** Tallies of 30 full days are kept. */
const KEPT: Millis = 30 * DAY;
