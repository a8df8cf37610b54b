import { type Bytes, concat, type Instant, type Millis, seededRandom } from "../../../base/mod.ts";
import { type ContentFacts, domain, type Envelope, NO_DEMAND } from "../../../mail/mod.ts";
import { type Status, statusOf } from "../../../status/mod.ts";
import { newQueueId } from "../../id.ts";
import type { Claim, ClaimRequest, Destination, NewMessage, QueueId, RecipientState, Store } from "../../port.ts";
import type { Backend } from "../contract.test.ts";

/** An empty store, a clock that stands still, and short words for what tests do all the time. */
export interface Lab extends AsyncDisposable {
  readonly store: Store;
  now(): Instant;
  advance(span: Millis): void;
  /** Ends the store and opens it again; `store` is the new one. */
  reopen(): Promise<void>;
  /** A message accepted now, one unit for each destination with one recipient each. */
  message(...destinations: readonly string[]): NewMessage;
  /** Commits it with a body and returns it. */
  queue(message?: NewMessage, body?: Bytes): Promise<NewMessage>;
  claim(request?: Partial<ClaimRequest>): Promise<readonly Claim[]>;
  /** Claims one unit and fails when there is none. */
  claimOne(request?: Partial<ClaimRequest>): Promise<Claim>;
  /** All content of a message from `start`. */
  read(id: QueueId, start?: number): Promise<Bytes>;
}

export async function openLab(backend: Backend): Promise<Lab> {
  let now = Date.UTC(2026, 2, 3, 8, 14, 7);
  const clock = { now: () => now };
  const random = seededRandom(1);
  const opened = await backend.open(clock);
  let store = opened.store;
  const lab: Lab = {
    get store() {
      return store;
    },
    now: clock.now,
    advance(span) {
      now += span;
    },
    async reopen() {
      if (opened.reopen !== undefined) store = await opened.reopen();
    },
    message(...destinations) {
      const names = destinations.length === 0 ? ["rook.example"] : destinations;
      const units = names.map((name, index) => ({ destination: name as Destination, recipients: [index] }));
      return { id: newQueueId(clock, random), envelope: envelopeFor(names), acceptedAt: now, units };
    },
    async queue(message = lab.message(), body = SMALL) {
      await store.commit(message, await stage(store, [body]));
      return message;
    },
    claim: (request) => store.claim({ now, lease: LEASE, limit: 100, ...request }),
    async claimOne(request) {
      const [claim] = await lab.claim({ limit: 1, ...request });
      if (claim === undefined) throw new Error("Nothing is due");
      return claim;
    },
    async read(id, start) {
      const chunks: Bytes[] = [];
      for await (const chunk of store.openBody(id, start)) chunks.push(chunk);
      return new Uint8Array(concat(chunks));
    },
    [Symbol.asyncDispose]: opened.dispose,
  };
  return lab;
}

export async function stage(store: Store, chunks: readonly Bytes[]): ReturnType<ReturnType<Store["stage"]>["finish"]> {
  const sink = store.stage();
  for (const chunk of chunks) await sink.write(chunk);
  return sink.finish();
}

/** A plain envelope with one recipient at each of the domains. */
export function envelopeFor(names: readonly string[]): Envelope {
  return {
    reversePath: { kind: "mailbox", mailbox: { localPart: "ann", domain: domain("pine.example") } },
    recipients: names.map((name) => ({ mailbox: { localPart: "bo", domain: domain(name) } })),
    body: "8bitmime",
    smtpUtf8: false,
    dsn: {},
    demand: NO_DEMAND,
    origin: { kind: "mx", client: "192.0.2.7", helo: "mail.pine.example" },
    content: PLAIN,
  };
}

export function delivered(at: Instant): RecipientState {
  return { kind: "delivered", status: statusOf("ok"), at };
}

export function failed(at: Instant): RecipientState {
  return { kind: "failed", status: statusOf("unknown-recipient"), at };
}

export function deferred(status: Status = statusOf("connect-failed")): RecipientState {
  return { kind: "pending", last: status };
}

/** The lease of claims made by the lab. */
export const LEASE: Millis = 60_000;
export const SMALL: Bytes = new TextEncoder().encode("Subject: hello\r\n\r\nGood day\r\n");
const PLAIN: ContentFacts = {
  size: 28,
  eightBit: false,
  bareCrLf: false,
  nul: false,
  endsInCrlf: true,
  longestLine: 14,
};
