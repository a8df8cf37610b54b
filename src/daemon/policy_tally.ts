import type { Clock, Millis } from "../base/mod.ts";
import type { Domain } from "../mail/mod.ts";
import { publish } from "../observe/mod.ts";
import type { Finding, PolicySources, Taking } from "../policy/mod.ts";
import type { Store, TallyEntry } from "../queue/mod.ts";
import { dayOf, sessionRecords, type SessionRecord, tallyDiscovery, tallySeen, tallySession } from "../tlsrpt/mod.ts";

export interface TallyOptions {
  readonly clock: Pick<Clock, "now">;
  /** Of what is only audited it is said what would have kept mail back. */
  readonly taking: Pick<Taking, "dane" | "sts" | "discover">;
  /** What the policy lists say. Reports name none (RFC 8460 §4.4), so what a list in testing found stands in the log. */
  readonly list?: PolicySources["list"];
}

/** What to count of the sessions of one attempt; a discovery that went wrong counts once, however many hosts there are. */
export function tallier(options: TallyOptions): (sessions: readonly SessionRecord[]) => readonly TallyEntry[] {
  return (sessions) => {
    const now = options.clock.now();
    for (const session of sessions) tellWouldHave(session, options);
    const looks = new Map(sessions.map(({ destination, sts }) => [destination, sts]));
    for (const record of sessions.flatMap(sessionRecords)) {
      publish("hopseal:tls-result", { policy: record.policy.type, result: record.result });
    }
    return [
      ...sessions.flatMap((session) => [...tallySession(session, now), ...tallySeen(session, now)]),
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

function tellWouldHave(session: SessionRecord, { taking, list }: TallyOptions): void {
  const { destination, host, findings } = session;
  for (const finding of findings) {
    const source =
      finding.policy.source === "list" ? ofList(finding, taking, list) : wouldBind(finding, session, taking);
    if (source === undefined) continue;
    const text = `${host} would not have got the mail: ${finding.detail}`;
    publish("hopseal:policy", { domain: destination, what: "would-have", source, text });
  }
}

/** The source that would have kept the mail from the host, were it not for how it is taken here. */
function wouldBind(
  { ok, enforced, policy, result }: Finding,
  { dane, sts }: SessionRecord,
  taking: TallyOptions["taking"],
): "dane" | "mta-sts" | undefined {
  if (ok || enforced) return undefined;
  if (policy.source === "dane") return taking.discover || taking.dane === "audit" ? "dane" : undefined;
  if (policy.source !== "mta-sts" || (!taking.discover && taking.sts !== "audit")) return undefined;
  // Trouble with a policy host keeps no mail back, nor does a policy in testing.
  if (result?.startsWith("sts-") === true || sts?.kind !== "policy" || sts.mode !== "enforce") return undefined;
  // RFC 8461 §2
  const yields = dane?.kind === "usable" && dane.mx === "secure" && taking.dane === "enforce";
  return yields ? undefined : "mta-sts";
}

/** A list that something lowered for a while, such as an override, is not among what is only watched. */
function ofList(
  { ok, enforced, policy }: Finding,
  taking: TallyOptions["taking"],
  list: TallyOptions["list"],
): "list" | undefined {
  const facts = ok || enforced ? undefined : list?.(policy.domain as Domain);
  if (facts?.kind !== "policy") return undefined;
  return facts.mode === "testing" || facts.audited === true || taking.discover ? "list" : undefined;
}

const DAY: Millis = 86_400_000;
/** Tallies of 30 full days are kept. */
const KEPT: Millis = 30 * DAY;
