import type { Bytes } from "../base/mod.ts";
import {
  type ContentFacts,
  type Envelope,
  type Mailbox,
  needsUtf8,
  NULL_REVERSE_PATH,
  type TlsDemand,
} from "../mail/mod.ts";
import { noticeDemand } from "./protect.ts";

/** How a notice travels: from nobody, to the sender of the original, asking for no notice itself (RFC 3461 §6.1). */
export function noticeEnvelope(to: Mailbox, demand: TlsDemand, body: Bytes): Envelope {
  const content = factsOf(body);
  return {
    reversePath: NULL_REVERSE_PATH,
    recipients: [{ mailbox: to, notify: "never" }],
    body: content.eightBit ? "8bitmime" : "7bit",
    smtpUtf8: needsUtf8(to),
    dsn: {},
    demand: noticeDemand(demand),
    origin: { kind: "generated" },
    content,
  };
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
