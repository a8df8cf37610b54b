import type { Instant, Result } from "../../base/mod.ts";
import type { AlgorithmPolicy } from "../dnssec/algorithms.ts";
import type { TrustAnchors } from "../dnssec/anchors.ts";
import type { ZoneKey } from "../dnssec/keys.ts";
import type { Budget } from "../dnssec/limits.ts";
import type { ExchangeFault } from "../wire/exchange.ts";
import type { Message } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import type { ExpiringCache, ProofNode } from "./types.ts";

/**
 * A walk is the pure part of a look-up: it yields each question it needs answered and returns what it found. A driver
 * asks, and gives back the message or why none came.
 */
export type Walk<T> = Generator<Question, T, Result<Message, ExchangeFault>>;

export interface Question {
  readonly name: Name;
  readonly type: number;
  /** Questions that will probably come next and may be asked at the same time. */
  readonly ahead?: readonly { readonly name: Name; readonly type: number }[];
}

/** What is known of a zone. A failure is never kept. */
export type ZoneTrust =
  | {
      readonly kind: "secure";
      readonly zone: Name;
      readonly keys: readonly ZoneKey[];
      readonly expires: Instant;
      readonly proof: ProofNode;
    }
  | { readonly kind: "insecure"; readonly zone: Name; readonly expires: Instant; readonly proof: ProofNode }
  | Failure;

export interface Failure {
  readonly kind: "failure";
  readonly cause: "bogus" | "unavailable";
  readonly detail: string;
  readonly proof: ProofNode;
}

/** What every step of one look-up shares. */
export interface WalkContext {
  readonly anchors: TrustAnchors;
  readonly policy: AlgorithmPolicy;
  readonly now: Instant;
  readonly budget: Budget;
  readonly zones: ExpiringCache<KnownZone>;
}

/** What may be remembered between look-ups. */
export type KnownZone = Exclude<ZoneTrust, Failure>;

export type Secure = Extract<ZoneTrust, { kind: "secure" }>;

export function failure(
  cause: Failure["cause"],
  detail: string,
  about: { readonly kind: ProofNode["kind"]; readonly subject: string; readonly children?: readonly ProofNode[] },
): Failure {
  const { kind, subject, children = [] } = about;
  return { kind: "failure", cause, detail, proof: { kind, subject, verdict: cause, detail, children } };
}

/** The same failure, seen from a step that rests on it. */
export function failureAbove(
  inner: Failure,
  about: { readonly kind: ProofNode["kind"]; readonly subject: string },
): Failure {
  const proof = { ...about, verdict: inner.cause, detail: inner.detail, children: [inner.proof] };
  return { kind: "failure", cause: inner.cause, detail: inner.detail, proof };
}
