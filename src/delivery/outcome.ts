/**
 * What follows from what happened: the one place where a failure becomes another try on a new connection, the next
 * address, the next attempt or a bounce.
 *
 * | what happened | then |
 * |---|---|
 * | no connection, greeting or EHLO refused, floor not proved, session lost | next address, then next host |
 * | no connection for some seconds while other addresses remain | next address, and back for longer when all are through |
 * | the address has its share of our connections | given back as if never claimed |
 * | STARTTLS missing | plaintext on the same connection where the decision has it, else next address |
 * | STARTTLS, or EHLO itself, refused | plaintext on a new connection where the decision has it, else next address |
 * | handshake failed, or the first words inside TLS got no answer | next rung, else next address |
 * | AUTH refused | next address; a password can be set right while the message waits |
 * | AUTH refused for good (5yz) | the login rests, for all messages and addresses of the hop |
 * | an idle session turned out to be over, or refused by the decision | a new connection to the same address |
 * | transaction failed as a whole for the host's reasons (4yz, 421, lost before the final dot) | next address, with who is still undecided |
 * | lost between the final dot and its answer | next attempt; no other host, which might make a second copy |
 * | a recipient or the message got 2yz or 5yz | final |
 * | a recipient or the message got 4yz from a host that is well | next attempt |
 * | the same, and it reads like greylisting | next attempt, the first three soon |
 * | more recipients than the host takes at once (452 4.5.3, 552, LIMITS) | another transaction or session at the same address |
 * | the host does not promise REQUIRETLS | next address |
 * | no host left | `conclude`: next attempt, or at once with REQUIRETLS |
 * | every host refuses every session for good (5yz greetings) | failed; next attempt where TLS is required and the greeting was in the clear |
 */
import { unreachable } from "../base/mod.ts";
import type { TlsDemand } from "../mail/mod.ts";
import {
  conclude,
  type Fail,
  type HostOutcome,
  type Proceed,
  type Rejected,
  type Retry,
  type Rung,
  type Taking,
} from "../policy/mod.ts";
import type { ClientSession, SessionFailure } from "../smtp/client/mod.ts";
import { finality, type Status } from "../status/mod.ts";

/** The rung to try after a failure on rung `at`, each on a new connection; undefined leaves the address. */
export function nextRung(ladder: Proceed["ladder"], at: number, failure: SessionFailure): number | undefined {
  const plaintext = ladder.findIndex((rung) => rung.kind === "plaintext");
  const beyond = plaintext > at ? plaintext : undefined;
  switch (failure.stage) {
    case "starttls":
      return beyond;
    case "handshake":
      return at + 1 < ladder.length ? at + 1 : undefined;
    case "second-hello":
      // In TLS 1.3 a server that dislikes the handshake ends it after the client thinks it is done.
      return failure.status.reply === undefined && at + 1 < ladder.length ? at + 1 : undefined;
    case "connect":
    case "greeting":
    case "hello":
    case "verify":
    case "auth":
      return undefined;
    default:
      return unreachable(failure.stage);
  }
}

/** What the failure of a session says about its host. */
export function hostOutcome(host: string, failure: SessionFailure, rung: Rung): HostOutcome {
  return { host, why: failureReason(failure, rung), status: failure.status };
}

function failureReason(failure: SessionFailure, rung: Rung): HostOutcome["why"] {
  switch (failure.stage) {
    case "connect":
      return "unreachable";
    case "greeting":
    case "hello":
    case "auth":
      return "answered";
    case "starttls":
    case "handshake":
    case "verify":
      return rung.kind === "tls" ? "tls" : "answered";
    case "second-hello":
      return failure.status.reply === undefined ? "tls" : "answered";
    default:
      return unreachable(failure.stage);
  }
}

/** A session that does not satisfy what the message needs. */
export function rejectedOutcome(host: string, { status }: Rejected): HostOutcome {
  return { host, why: status.cause === "requiretls-unsupported" ? "requiretls" : "tls", status };
}

/** RFC 5321 §4.5.3.1.10: the others go in another transaction. */
export function wantsAnotherTransaction(status: Status): boolean {
  return status.cause === "too-many-recipients" || (status.code === 452 && status.enhanced === "4.5.3");
}

/** Whether a temporary refusal sounds as if the same again were welcome after a short while (RFC 6647 §2). */
export function isGreylisting({ code, enhanced, text }: Status): boolean {
  if (code !== 450 && code !== 451) return false;
  return (enhanced !== undefined && GREYLISTING.has(enhanced)) || GREYLISTED.test(text);
}

/** How far a message has come with a host that took it. */
export function reachOf({
  target,
  extensions,
}: Pick<ClientSession, "target" | "extensions">): "mailbox" | "relayed-dsn" | "relayed" {
  // RFC 2033 §4.2: an answer for each recipient says that it is in the mailbox.
  if (target.protocol === "lmtp") return "mailbox";
  // RFC 3461 §5.2.2
  return extensions.dsn ? "relayed-dsn" : "relayed";
}

export type End = "delivered" | "deferred" | "failed";

/** What a status means for the recipient it was given for. */
export function endOf(status: Status): End {
  const kind = finality(status);
  switch (kind) {
    case "success":
      return "delivered";
    case "transient":
      return "deferred";
    case "permanent":
      return "failed";
    default:
      return unreachable(kind);
  }
}

/** What became of the hosts, and how far REQUIRETLS is taken here. */
export interface Tried {
  readonly hosts: readonly HostOutcome[];
  /** Those of `hosts` that refused every session. */
  readonly greetings: readonly HostOutcome[];
  readonly taking?: Pick<Taking, "requireTls">;
}

/**
 * How it ends for recipients that no host decided about; `all` tells whether every host was tried, without which nothing
 * is final.
 */
export function endWithoutHost({ hosts, greetings, taking }: Tried, demand: TlsDemand, all: boolean): Retry | Fail {
  const [first] = greetings;
  // RFC 7504 §3: 521 and 554 count for good only when there is no other host.
  const forGood = all && greetings.every(({ status }) => endOf(status) === "failed");
  if (first !== undefined && greetings.length === hosts.length && forGood) {
    return { kind: "fail", status: first.status, host: first.host };
  }
  // RFC 8689 §4.2.1: a host that was not asked may keep the promise.
  return conclude(hosts, all ? demand : { ...demand, propagate: false }, taking?.requireTls);
}

const GREYLISTING: ReadonlySet<string> = new Set(["4.7.1", "4.2.0"]);
const GREYLISTED = /gr[ae]y-?list/i;
