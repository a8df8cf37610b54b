import { type Clock, type Millis, unreachable } from "../base/mod.ts";
import type { Answer } from "../dns/mod.ts";
import { publish } from "../observe/mod.ts";
import { type DnsblVerdict, ipv6TestName, judgeAnswer } from "./dnsbl_query.ts";

/** Whether a list can be believed at the moment: its test entries are looked up at the start, and once an hour. */
export interface DnsblHealth extends Disposable {
  /** undefined while the list is put aside; otherwise whether it knows of IPv6. */
  readonly sound: { readonly ipv6: boolean } | undefined;
  /** What a look-up came to; nonsense, and failures in a row, put the list aside. */
  count(verdict: DnsblVerdict): void;
}

export interface DnsblHealthOptions {
  readonly zone: string;
  readonly clock: Clock;
  /** Rejects for nothing; ends with a failure when the signal does. */
  readonly query: (name: string, signal: AbortSignal) => Promise<Answer<string>>;
}

/** What is wrong with the list is told as a fault, once each time that it begins. */
export function dnsblHealth({ zone, clock, query }: DnsblHealthOptions): DnsblHealth {
  let sound: DnsblHealth["sound"];
  let timer: Disposable | undefined;
  let failures = 0;
  let tests = 0;
  /** Tests in a row that could not be made. */
  let vain = 0;
  const ended = new AbortController();

  const tell = (text: string): void => publish("hopseal:fault", { where: `dnsbl ${zone}`, text });
  const later = (span: Millis): void => {
    timer?.[Symbol.dispose]();
    timer = clock.after(span, () => void test());
  };
  const putAside = (why: string, span: Millis): void => {
    sound = undefined;
    tell(`The list is not used for ${span / 60_000} min: ${why}`);
    later(span);
  };
  async function test(): Promise<void> {
    const found = await selfTest(zone, async (name) => await query(name, ended.signal));
    if (ended.signal.aborted) return;
    const first = tests++ === 0;
    switch (found.kind) {
      case "sound":
        sound = { ipv6: found.ipv6 };
        failures = 0;
        vain = 0;
        if (first && !found.ipv6) tell("The list has no test entry for IPv6; it is not asked about IPv6 clients");
        later(RETEST);
        return;
      case "unsound":
        putAside(found.detail, RETEST);
        return;
      case "unknown":
        // A long outage is told ever more seldom.
        putAside(`its test entries cannot be looked up: ${found.detail}`, Math.min(RETEST, REST * 2 ** vain++));
        return;
      default:
        unreachable(found);
    }
  }

  void test();
  return {
    get sound() {
      return sound;
    },
    count(verdict) {
      // Others that were asked at the same time have said so already.
      if (sound === undefined) return;
      if (verdict.kind === "broken") putAside(verdict.detail, RETEST);
      if (verdict.kind !== "failed") {
        failures = 0;
        return;
      }
      failures++;
      if (failures === 1) tell(`A look-up failed: ${verdict.detail}`);
      if (failures === MOST_FAILURES) putAside(`${failures} look-ups in a row failed: ${verdict.detail}`, REST);
    },
    [Symbol.dispose]() {
      ended.abort();
      timer?.[Symbol.dispose]();
    },
  };
}

type SelfTest =
  | { readonly kind: "sound"; readonly ipv6: boolean }
  | { readonly kind: "unsound"; readonly detail: string }
  | { readonly kind: "unknown"; readonly detail: string };

/** RFC 5782 §5: what must be listed is, what must not be is not; otherwise the list is dead, or lists the world. */
async function selfTest(zone: string, ask: (name: string) => Promise<Answer<string>>): Promise<SelfTest> {
  const names = [`2.0.0.127.${zone}`, `1.0.0.127.${zone}`, ipv6TestName(2, zone), ipv6TestName(1, zone)];
  const verdicts = await Promise.all(names.map(async (name) => judgeAnswer(await ask(name), () => true)));
  const [there, notThere, there6, notThere6] = verdicts as [DnsblVerdict, DnsblVerdict, DnsblVerdict, DnsblVerdict];
  const broken = verdicts.find((verdict) => verdict.kind === "broken");
  if (broken !== undefined) return { kind: "unsound", detail: broken.detail };
  if (notThere.kind === "listed") return { kind: "unsound", detail: "it lists 127.0.0.1, and so the whole world" };
  if (notThere6.kind === "listed") return { kind: "unsound", detail: "it lists ::FFFF:7F00:1, and so the whole world" };
  for (const verdict of [there, notThere]) if (verdict.kind === "failed") return { ...verdict, kind: "unknown" };
  if (there.kind !== "listed") return { kind: "unsound", detail: "it does not list its test entry 127.0.0.2" };
  return { kind: "sound", ipv6: there6.kind === "listed" && notThere6.kind === "not-listed" };
}

const RETEST: Millis = 3_600_000;
const REST: Millis = 60_000;
const MOST_FAILURES = 5;
