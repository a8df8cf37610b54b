import assert from "node:assert/strict";
import { systemClock } from "../../src/base/mod.ts";
import { type Mailbox, NO_DEMAND, NULL_REVERSE_PATH, parseMailbox, type ReversePath } from "../../src/mail/mod.ts";
import { admit, allowPlaintext, confirmPeer, decide, type Proceed } from "../../src/policy/mod.ts";
import type { ClientSession, Outgoing, SessionFailure } from "../../src/smtp/client/mod.ts";
import { contentFacts } from "../../src/smtp/grammar/mod.ts";
import { openSession, type SessionOptions } from "../../src/smtp/io/mod.ts";
import { openTrust } from "../../src/tls/io/mod.ts";

/** Opportunistic: what a client without any policy decides. */
export const MAY: Proceed = decide(
  {
    destination: "rook.example",
    host: {
      name: "mx.rook.example",
      literal: false,
      port: 25,
      mode: "starttls",
      learnt: "configured",
      mxSecurity: "insecure",
    },
    now: 0,
  },
  NO_DEMAND,
) as Proceed;

/** A session in clear with a server on this machine. */
export async function connectPlain(
  port: number,
  options: Pick<SessionOptions, "chunking" | "chunkSize"> = {},
): Promise<ClientSession | SessionFailure> {
  const trust = await openTrust({ kind: "bundled" });
  assert.ok(trust.ok);
  return await openSession(
    { host: "mx.rook.example", address: "127.0.0.1", port, mode: "starttls" },
    MAY,
    { kind: "plaintext" },
    {
      hostname: "client.pine.example",
      trust: trust.value,
      clock: systemClock,
      gate: { confirmPeer, allowPlaintext, admit },
      ...options,
    },
  );
}

export interface Letter {
  readonly content: Uint8Array;
  readonly to: readonly string[];
  readonly from?: string;
  readonly body?: Outgoing["envelope"]["body"];
}

export function outgoing(letter: Letter): Outgoing {
  const facts = contentFacts([letter.content]);
  const reversePath: ReversePath =
    letter.from === undefined ? NULL_REVERSE_PATH : { kind: "mailbox", mailbox: mailbox(letter.from) };
  return {
    envelope: {
      reversePath,
      body: letter.body ?? (facts.eightBit ? "8bitmime" : "7bit"),
      smtpUtf8: false,
      dsn: {},
      demand: NO_DEMAND,
    },
    content: facts,
    recipients: letter.to.map((text) => ({ mailbox: mailbox(text) })),
    async *open() {
      for (let at = 0; at < letter.content.length; at += 5000) yield letter.content.subarray(at, at + 5000);
    },
  };
}

function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text, { utf8: true });
  assert.ok(parsed.ok, text);
  return parsed.value;
}
