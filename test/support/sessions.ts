import type { OpenSession } from "../../src/delivery/mod.ts";
import {
  allowPlaintext,
  confirmPeer,
  type PeerProof,
  type PlaintextAllowed,
  type Proceed,
  type Rung,
} from "../../src/policy/mod.ts";
import type {
  ClientSession,
  Extensions,
  Outgoing,
  SessionFailure,
  Stage,
  TransactionResult,
} from "../../src/smtp/client/mod.ts";
import { type Cause, type Status, statusOf } from "../../src/status/mod.ts";

/** How a fake host takes one transaction; the default accepts everybody. */
export type FakeTransaction = (
  outgoing: Outgoing,
  place: { readonly address: string; readonly rung: string },
) => Partial<TransactionResult> & { readonly recipients: readonly Status[] };

/** What happens at an address: on each rung a stage that fails, or else a session. */
export interface FakeHost {
  readonly fails?: Partial<Record<"full" | "small" | "plaintext", FakeFailure>>;
  readonly transact?: FakeTransaction;
}

export type FakeFailure = Stage | { readonly stage: Stage; readonly status: Status };

export interface FakeNetwork {
  readonly openSession: OpenSession;
  /** Everything that was done, e.g. "192.0.2.1 full" and "192.0.2.1 full MAIL bo@pine.example". */
  readonly log: readonly string[];
}

/** Sessions without sockets. An address that is not in the table cannot be connected to. */
export function fakeNetwork(hosts: Readonly<Record<string, FakeHost>>): FakeNetwork {
  const log: string[] = [];
  return {
    log,
    openSession(target, decision, rung) {
      const host = hosts[target.address];
      const name = rungName(rung);
      log.push(`${target.address} ${name}`);
      const failure = host === undefined ? "connect" : host.fails?.[name];
      if (failure !== undefined) return Promise.resolve(failed(failure, target.host));
      const proof = rung.kind === "plaintext" ? allowPlaintext(decision) : encrypted(decision);
      if (proof.kind === "rejected") {
        return Promise.resolve({
          kind: "failed",
          stage: "verify",
          status: proof.status,
          findings: [],
          connected: true,
        });
      }
      return Promise.resolve(session(proof, { target, log, name, transact: host?.transact ?? accepting }));
    },
  };
}

export const ACCEPTED: Status = { ...statusOf("ok-message"), reply: { code: 250, lines: ["ok"] } };

/** A reply of another host. */
export function replied(code: number, text: string, enhanced?: Status["enhanced"]): Status {
  const more = enhanced === undefined ? {} : { enhanced };
  return { cause: "remote-reply", code, ...more, text, reply: { code, ...more, lines: [text] } };
}

const accepting: FakeTransaction = (outgoing) => ({ recipients: outgoing.recipients.map(() => ACCEPTED) });

function rungName(rung: Rung): "full" | "small" | "plaintext" {
  return rung.kind === "tls" ? rung.hello : "plaintext";
}

function encrypted(decision: Proceed): PeerProof {
  const session = { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" } as const;
  // Identity is the business of other tests: every floor counts as reached.
  const proof = confirmPeer(
    { ...decision, floor: { kind: "any" }, enforced: [] },
    { session, chain: [], resumed: false },
  );
  if (proof.kind !== "tls") throw new Error("The fake handshake was rejected");
  const { floor } = decision;
  return floor.kind === "authenticated" ? { ...proof, satisfied: ["encrypted", floor.by] } : proof;
}

function session(
  proof: PeerProof | PlaintextAllowed,
  place: {
    readonly target: ClientSession["target"];
    readonly log: string[];
    readonly name: string;
    readonly transact: FakeTransaction;
  },
): ClientSession {
  const { target, log, name } = place;
  const end = (): Promise<void> => {
    log.push(`${target.address} ${name} QUIT`);
    return Promise.resolve();
  };
  return {
    target,
    proof,
    extensions: EXTENSIONS,
    usable: true,
    async send(outgoing) {
      const to = outgoing.recipients.map(({ mailbox }) => `${mailbox.localPart}@${mailbox.domain}`);
      log.push(`${target.address} ${name} MAIL ${to.join(" ")}`);
      const result = place.transact(outgoing, { address: target.address, rung: name });
      if (result.recipients.includes(ACCEPTED)) for await (const _chunk of outgoing.open());
      return { reusable: true, host: "ok", ...result };
    },
    quit: end,
    [Symbol.asyncDispose]: end,
  };
}

function failed(failure: FakeFailure, host: string): SessionFailure {
  const { stage, status } =
    typeof failure === "string" ? { stage: failure, status: statusOf(CAUSES[failure], `${failure} failed`) } : failure;
  return { kind: "failed", stage, status: { ...status, peer: { host } }, findings: [], connected: stage !== "connect" };
}

const CAUSES: Readonly<Record<Stage, Cause>> = {
  connect: "connect-failed",
  greeting: "connection-lost",
  hello: "connection-lost",
  starttls: "tls-not-offered",
  handshake: "tls-handshake-failed",
  verify: "tls-verify-failed",
  "second-hello": "connection-lost",
  auth: "auth-failed",
};

const EXTENSIONS: Extensions = {
  pipelining: true,
  chunking: false,
  eightBitMime: true,
  binaryMime: false,
  smtpUtf8: true,
  dsn: true,
  starttls: true,
  requireTls: true,
  enhancedStatusCodes: true,
  auth: [],
  limits: {},
};
