import type { RawRecord } from "../../src/dns/wire/message.ts";
import { TYPE } from "../../src/dns/wire/types.ts";
import type { Script } from "./script.ts";

/**
 * Why a script that came out otherwise says nothing about this validator, or undefined. The rules look at what a script
 * asks for; the list by name holds the scripts whose outcome we deliberately do not share.
 */
export function notApplicable(file: string, script: Script): string | undefined {
  const { options } = script.config;
  for (const [option, value, reason] of OPTIONS) {
    const set = options.get(option)?.at(-1);
    if (set !== undefined && (value === undefined || set === value)) return reason;
  }
  if (!options.has("trust-anchor")) return "has no trust anchor, so it is not about validation";
  const modules = options.get("module-config")?.at(-1);
  if (modules !== undefined && modules !== "validator iterator") return `runs other parts of unbound (${modules})`;
  const step = script.steps.find(({ kind }) => STEPS.has(kind));
  if (step !== undefined) return `scripts the traffic itself (${step.kind}), which depends on how unbound asks`;
  const entries = script.ranges.flatMap((range) => range.entries);
  const records = entries.flatMap((entry) => [...entry.answer, ...entry.authority]);
  if (records.some(isGost)) return "GOST signatures and digests are withdrawn (RFC 8624 §3), and OpenSSL has them not";
  const checks = script.steps.filter(({ kind }) => kind === "CHECK_ANSWER");
  if (checks.length === 0) return "checks no answer";
  return BY_NAME.get(file);
}

function isGost({ type, rdata }: RawRecord): boolean {
  return (type === TYPE.DS && rdata[3] === 3) || (type === TYPE.DNSKEY && rdata[3] === 12);
}

/** Options that make unbound do what this validator does not offer. */
const OPTIONS: readonly (readonly [string, string | undefined, string])[] = [
  [
    "harden-dnssec-stripped",
    "no",
    "lets a zone with an anchor show no keys and be insecure; here that is always bogus",
  ],
  [
    "harden-algo-downgrade",
    "yes",
    "asks for a good path by every algorithm, where RFC 6840 §5.11 tells validators to take any one",
  ],
  ["val-permissive-mode", "yes", "passes bogus answers on"],
  ["domain-insecure", undefined, "negative trust anchors are not offered: nothing switches validation off for a name"],
  ["dlv-anchor", undefined, "look-aside validation is historic (RFC 8749)"],
  ["dlv-anchor-file", undefined, "look-aside validation is historic (RFC 8749)"],
  ["auto-trust-anchor-file", undefined, "anchors come with the program or from a file; RFC 5011 is not followed"],
  ["trust-anchor-file", undefined, "the anchors are in a file that is not part of the script"],
  ["trusted-keys-file", undefined, "the anchors are in a file that is not part of the script"],
  ["local-data", undefined, "unbound answers from data of its own"],
];
const STEPS: ReadonlySet<string> = new Set([
  "CHECK_OUT_QUERY",
  "REPLY",
  "NOTHING",
  "TIMEOUT",
  "ASSIGN",
  "CHECK_TEMPFILE",
]);
const BY_NAME: ReadonlyMap<string, string> = new Map([
  [
    "val_anchor_nx_nosig.rpl",
    "unbound takes the signature of an unanchored parent for a reason to call an anchored zone insecure; anybody on the path can send such an answer, so here it is bogus",
  ],
  ["val_ds_sha2_lenient.crpl", "takes a SHA-1 digest where the SHA-256 one beside it is wrong (against RFC 4509 §3)"],
  ["val_any_cap.rpl", "unbound leaves record sets out of long ANY answers; what it keeps has the same status here"],
]);
