import type { Instant, Millis } from "../../base/mod.ts";
import { formatMailbox, formatReversePath, type Recipient } from "../../mail/mod.ts";
import { publish } from "../../observe/mod.ts";
import type { Claim } from "../../queue/mod.ts";
import type { RecipientOutcome } from "../walk.ts";

/** One line per recipient and attempt. */
export function reportAttempt(
  claim: Claim,
  outcomes: ReadonlyMap<number, RecipientOutcome>,
  time: { readonly at: Instant; readonly took: Millis },
): void {
  for (const [index, { end, status, via }] of outcomes) {
    const { host, address } = via;
    publish("hopseal:attempt", {
      id: claim.message,
      attempt: claim.attempt,
      from: formatReversePath(claim.envelope.reversePath),
      to: formatMailbox((claim.envelope.recipients[index] as Recipient).mailbox),
      outcome: end,
      tls: via.tls,
      ...(via.session === undefined ? {} : { session: sessionFacts(via.session) }),
      ...(host === undefined ? {} : { host }),
      ...(address === undefined ? {} : { address }),
      code: status.code,
      ...(status.enhanced === undefined ? {} : { enhanced: status.enhanced }),
      text: status.text,
      because: via.because,
      at: time.at,
      age: time.at - claim.acceptedAt,
      took: Math.round(time.took),
    });
  }
}

export function reportFault(text: string, error?: unknown): void {
  const detail = error instanceof Error ? `: ${error.message}` : "";
  publish("hopseal:fault", { where: "delivery", text: text + detail });
}

function sessionFacts({ version, cipher, group }: NonNullable<RecipientOutcome["via"]["session"]>): {
  version: string;
  cipher: string;
  group?: string;
} {
  return { version, cipher, ...(group === undefined ? {} : { group }) };
}
