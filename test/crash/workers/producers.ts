import { setTimeout as pause } from "node:timers/promises";
import { type Random, utf8 } from "../../../src/base/mod.ts";
import { connectPlain, MAY, outgoing } from "../../support/client.ts";
import type { Ledger } from "./ledger.ts";

export interface ProducerOptions {
  readonly number: number;
  readonly port: number;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Sends message after message, over new connections when one is lost or refused, until the signal. */
export async function pour(options: ProducerOptions): Promise<void> {
  const { port, random, signal } = options;
  for (let serial = 0; !signal.aborted; ) {
    const session = await connectPlain(port);
    if ("kind" in session) {
      await pause(50);
      continue;
    }
    for (let left = 1 + random.below(10); left > 0 && !signal.aborted; left--) {
      if (!(await sendOne(session, `p${options.number}n${serial++}`, options))) break;
    }
    await session.quit();
  }
}

type Session = Exclude<Awaited<ReturnType<typeof connectPlain>>, { readonly kind: string }>;

/** Whether the session may go on. */
async function sendOne(session: Session, name: string, { ledger, random }: ProducerOptions): Promise<boolean> {
  // Some are large enough for a file of their own.
  const lines = random.below(8) === 0 ? 1500 : 1 + random.below(40);
  const content = utf8(`Subject: ${name}\r\n\r\n${`${name} ${"x".repeat(60)}\r\n`.repeat(lines)}`);
  const letter = outgoing({ content, to: ["bo@rook.example"], from: "ada@pine.example" });
  const result = await session.send(
    {
      ...letter,
      async *open() {
        yield* letter.open();
        // The final dot comes after this.
        ledger.sent(name, content);
      },
    },
    MAY,
  );
  if ("kind" in result) return false;
  const status = result.recipients[0];
  ledger.answered(name, status?.cause === "connection-lost" ? undefined : status?.code);
  return result.reusable;
}
