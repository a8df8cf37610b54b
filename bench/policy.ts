import { domain, NO_DEMAND, type TlsDemand } from "../src/mail/mod.ts";
import { decide, namePattern, type TlsFacts } from "../src/policy/mod.ts";
import { judge, type Result } from "./figures.ts";

/** How fast the pure decision is, over hosts with all kinds of policies; no peer has a like part to measure beside. */
export function decisions(): Result {
  const cases = FACTS.flatMap((facts) => DEMANDS.map((demand) => ({ facts, demand })));
  measure(cases, WARM_UP);
  const ours = Array.from({ length: ROUNDS }, () => measure(cases, PER_ROUND));
  return judge({ name: "TLS decisions", unit: "decisions/s", ours, bound: BOUND });
}

function measure(cases: readonly { readonly facts: TlsFacts; readonly demand: TlsDemand }[], count: number): number {
  let plaintext = 0;
  const begun = performance.now();
  for (let done = 0; done < count; done += cases.length) {
    for (const { facts, demand } of cases) {
      const decision = decide(facts, demand);
      if (decision.kind === "proceed" && decision.floor.kind === "any") plaintext++;
    }
  }
  const took = performance.now() - begun;
  if (plaintext === 0) throw new Error("No decision came out as it must");
  return Math.round((Math.ceil(count / cases.length) * cases.length * 1000) / took);
}

const NOW = Date.UTC(2026, 2, 3);
const MX = domain("mx.pine.example");
const BARE: TlsFacts = {
  destination: "pine.example",
  host: { name: MX, literal: false, port: 25, mode: "starttls", learnt: "mx", mxSecurity: "secure" },
  now: NOW,
};
const TLSA = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) };
const FACTS: readonly TlsFacts[] = [
  BARE,
  { ...BARE, dane: { kind: "absent", why: "no TLSA records" }, sts: { kind: "none", why: "nothing is published" } },
  { ...BARE, dane: { kind: "usable", base: MX, records: [TLSA, TLSA], names: [MX], mx: "secure", expires: NOW + 1 } },
  { ...BARE, dane: { kind: "failed", cause: "bogus", detail: "a signature is wrong" } },
  {
    ...BARE,
    dane: { kind: "absent", why: "no TLSA records" },
    sts: { kind: "policy", mode: "enforce", mx: [namePattern(MX)], id: "1", lines: [], expires: NOW + 1 },
  },
  { ...BARE, local: { destination: "pine.example", level: "secure", mx: [namePattern(MX)] } },
];
const DEMANDS: readonly TlsDemand[] = [
  NO_DEMAND,
  NO_DEMAND,
  NO_DEMAND,
  { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true, because: [] },
];
const WARM_UP = 200_000;
const PER_ROUND = 400_000;
const ROUNDS = 5;
/** Decisions per second on a core of 2026; thousands of times what any queue asks for. */
const BOUND = 200_000;
