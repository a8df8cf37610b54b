import type { Instant } from "../../base/mod.ts";
import type { Alias, Answer, Security } from "../answer.ts";
import { recordSets, subjectOf } from "../dnssec/rrset.ts";
import { sameName } from "../wire/hierarchy.ts";
import type { Message, RawRecord } from "../wire/message.ts";
import { RCODE, rcodeName } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { lowerName, nameText } from "../wire/name.ts";
import { TYPE } from "../wire/types.ts";
import { linkAt } from "./chain.ts";
import { judgeNegative } from "./negative.ts";
import type { Lookup, ProofNode } from "./types.ts";
import { judgeSet } from "./validate.ts";
import type { Failure, Walk, WalkContext } from "./walk.ts";
import { failure } from "./walk.ts";

/** The whole of one look-up: asks, follows aliases, and validates every link (RFC 4035 §5, RFC 1034 §3.6.2). */
export function* lookup(
  name: Name,
  type: number,
  options: { readonly context: WalkContext; readonly aliases: number },
): Walk<Lookup> {
  const trail: Trail = {
    asked: { name, type },
    current: name,
    chain: [],
    proofs: [],
    security: "secure",
    expires: Number.POSITIVE_INFINITY,
  };
  while (trail.chain.length <= options.aliases) {
    const start = trail.current;
    const answer = yield { name: start, type };
    if (!answer.ok) return failed(trail, failure("unavailable", answer.error.detail, about(trail)));
    const message = answer.value;
    if (!ANSWERS.has(message.rcode)) {
      return failed(trail, failure("unavailable", `the answer is ${rcodeName(message.rcode)}`, about(trail)));
    }
    const done = yield* readMessage(trail, message, options);
    if (done !== undefined) return done;
    if (trail.current !== start && isSilent(message)) continue;
    return yield* endWithNothing(trail, message, options.context);
  }
  return failed(trail, failure("unavailable", `more than ${options.aliases} aliases`, about(trail)));
}

/** Where a look-up has come to. */
interface Trail {
  readonly asked: { readonly name: Name; readonly type: number };
  current: Name;
  readonly chain: Alias[];
  readonly proofs: ProofNode[];
  security: Security;
  expires: Instant;
}

/** Follows the links of one message; gives the result when it holds data, or fails. */
function* readMessage(
  trail: Trail,
  message: Message,
  { context, aliases }: { readonly context: WalkContext; readonly aliases: number },
): Walk<Lookup | undefined> {
  if (trail.asked.type === TYPE.RRSIG) return withSignatures(trail, message, context.now);
  const answer = recordSets(message.answer);
  const authority = recordSets(message.authority);
  const { type } = trail.asked;
  while (trail.chain.length <= aliases) {
    const link = linkAt(trail.current, type, answer);
    switch (link.kind) {
      case "nothing":
        return undefined;
      case "malformed":
        return failed(trail, failure(link.cause, link.detail, about(trail)));
      case "data": {
        for (const set of link.proofs) {
          const standing = yield* judgeSet(set, authority, context);
          if (standing.kind === "failure") return failed(trail, standing);
          add(trail, standing);
        }
        return withRecords(trail, link.records);
      }
      case "alias": {
        const standing = yield* judgeSet(link.proof, authority, context);
        if (standing.kind === "failure") return failed(trail, standing);
        add(trail, standing);
        const { security } = standing;
        trail.chain.push({ owner: text(trail.current), target: text(link.target), security });
        if (trail.chain.some((alias) => alias.owner === text(link.target))) {
          return failed(trail, failure("unavailable", "the aliases go in a circle", about(trail)));
        }
        trail.current = link.target;
      }
    }
  }
  return undefined;
}

/** Signatures are not signed themselves, so they are insecure wherever they lie. */
// RFC 4035 §2.2
function withSignatures(trail: Trail, message: Message, now: Instant): Lookup | undefined {
  const found = message.answer.filter((record) => record.type === TYPE.RRSIG && sameName(record.owner, trail.current));
  if (found.length === 0) return undefined;
  const detail = "signatures are not signed";
  const proof: ProofNode = { ...about(trail), kind: "records", verdict: "insecure", detail, children: [] };
  add(trail, { security: "insecure", expires: now, proof });
  return withRecords(trail, found);
}

function* endWithNothing(trail: Trail, message: Message, context: WalkContext): Walk<Lookup> {
  if (message.rcode === RCODE.YXDOMAIN) {
    return failed(trail, failure("unavailable", "a DNAME makes a name that is too long", about(trail)));
  }
  const standing = yield* judgeNegative({ name: trail.current, type: trail.asked.type }, message, context);
  if (standing.kind === "failure") return failed(trail, standing);
  add(trail, standing);
  const answer: Answer<RawRecord> = {
    name: text(trail.asked.name),
    chain: trail.chain,
    kind: standing.kind,
    security: trail.security,
    expires: trail.expires,
  };
  return { answer, proof: root(trail, trail.security, standing.kind) };
}

/** One insecure link makes the whole insecure (RFC 7672 §2.1.3). */
function add(trail: Trail, part: { security: Security; expires: Instant; proof: ProofNode }): void {
  if (part.security === "insecure") trail.security = "insecure";
  trail.expires = Math.min(trail.expires, part.expires);
  trail.proofs.push(part.proof);
}

function withRecords(trail: Trail, records: readonly RawRecord[]): Lookup {
  const { security, expires, chain } = trail;
  const answer: Answer<RawRecord> = { name: text(trail.asked.name), chain, kind: "data", security, records, expires };
  const detail = records.length === 1 ? "1 record" : `${records.length} records`;
  return { answer, proof: root(trail, security, detail) };
}

function failed(trail: Trail, { cause, detail, proof }: Failure): Lookup {
  const answer: Answer<RawRecord> = {
    name: text(trail.asked.name),
    chain: trail.chain,
    kind: "failure",
    cause,
    detail,
  };
  const children = proof.kind === "answer" ? trail.proofs : [...trail.proofs, proof];
  return { answer, proof: { ...about(trail), verdict: cause, detail, children } };
}

function root(trail: Trail, verdict: Security, detail: string): ProofNode {
  return { ...about(trail), verdict, detail, children: trail.proofs };
}

function about({ asked }: Trail): { readonly kind: "answer"; readonly subject: string } {
  return { kind: "answer", subject: subjectOf(asked.name, asked.type) };
}

function text(name: Name): string {
  return nameText(lowerName(name));
}

/** Whether a message neither denies anything nor says that it is complete. */
function isSilent(message: Message): boolean {
  if (message.rcode !== RCODE.NOERROR) return false;
  return !message.authority.some(({ type }) => type === TYPE.SOA || type === TYPE.NSEC || type === TYPE.NSEC3);
}

const ANSWERS: ReadonlySet<number> = new Set([RCODE.NOERROR, RCODE.NXDOMAIN, RCODE.YXDOMAIN]);
