import { type Bytes, concat, type Instant } from "../base/mod.ts";
import { failureNotice, wantsFailureNotice } from "../dsn/mod.ts";
import {
  type ContentFacts,
  type Domain,
  type Mailbox,
  needsUtf8,
  NO_DEMAND,
  NULL_REVERSE_PATH,
  type Recipient,
} from "../mail/mod.ts";
import type { Claim, Destination, NewMessage, QueueId } from "../queue/mod.ts";
import { generateReceived } from "../trace/mod.ts";
import type { Verdict } from "./settle.ts";

export interface BounceOptions {
  readonly id: QueueId;
  readonly hostname: Domain;
  readonly postmaster: Mailbox;
  readonly now: Instant;
  /** The beginning of the original, at least as much as holds its header. */
  readonly start: Bytes;
}

export interface Bounce {
  readonly message: NewMessage;
  readonly body: Bytes;
}

/** The recipients of a verdict about whom the sender is told. */
export function reportedFailures(claim: Pick<Claim, "envelope">, verdict: Pick<Verdict, "failed">): Verdict["failed"] {
  const { reversePath, recipients } = claim.envelope;
  return verdict.failed.filter(({ index }) => {
    const recipient = recipients[index];
    return recipient !== undefined && wantsFailureNotice(reversePath, recipient);
  });
}

/** The notice about these failures, ready to be queued; undefined when there is nobody to tell or nothing to say. */
export function bounceFor(
  claim: Pick<Claim, "envelope" | "message" | "acceptedAt">,
  failed: Verdict["failed"],
  options: BounceOptions,
): Bounce | undefined {
  const { reversePath, recipients, dsn, demand } = claim.envelope;
  if (reversePath.kind === "null" || failed.length === 0) return undefined;
  const { id, hostname, now } = options;
  const sender = reversePath.mailbox;
  const { body, smtpUtf8 } = failureNotice({
    id,
    original: claim.message,
    reportingMta: hostname,
    from: options.postmaster,
    to: sender,
    at: now,
    arrivedAt: claim.acceptedAt,
    ...(dsn.envid === undefined ? {} : { envid: dsn.envid }),
    recipients: failed.map(({ index, status }) => ({ recipient: recipients[index] as Recipient, status })),
    start: options.start,
    // The notice leaves without any demand, so it may not carry what was to be protected.
    redact: demand.propagate || demand.level !== "may",
    trace: generateReceived({
      by: hostname,
      id,
      authenticated: false,
      smtpUtf8: needsUtf8(sender),
      for: sender,
      at: now,
      offset: 0,
    }),
  });
  const content = factsOf(body);
  const message: NewMessage = {
    id,
    acceptedAt: now,
    envelope: {
      reversePath: NULL_REVERSE_PATH,
      // RFC 3461 §6.2: no notice about a notice.
      recipients: [{ mailbox: sender, notify: "never" }],
      body: content.eightBit ? "8bitmime" : "7bit",
      smtpUtf8,
      dsn: {},
      demand: NO_DEMAND,
      origin: { kind: "generated" },
      content,
    },
    units: [{ destination: sender.domain as string as Destination, recipients: [0] }],
  };
  return { message, body };
}

/** The first octets of a body, at most `LONGEST_START`. */
export async function readStart(chunks: AsyncIterable<Bytes>): Promise<Bytes> {
  const parts: Bytes[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk.slice(0, LONGEST_START - length));
    length += chunk.length;
    if (length >= LONGEST_START) break;
  }
  return concat(parts);
}

/** What our own notices look like: whole lines that end in CRLF. */
function factsOf(body: Bytes): ContentFacts {
  let longestLine = 0;
  let start = 0;
  for (let lf = body.indexOf(LF); lf >= 0; lf = body.indexOf(LF, start)) {
    longestLine = Math.max(longestLine, lf - 1 - start);
    start = lf + 1;
  }
  const eightBit = body.some((octet) => octet > 0x7f);
  return { size: body.length, eightBit, bareCrLf: false, nul: false, endsInCrlf: true, longestLine };
}

const LF = 0x0a;
const LONGEST_START = 65_536;
