import assert from "node:assert/strict";
import { test } from "node:test";
import {
  domain,
  type Envelope,
  formatMailbox,
  type Mailbox,
  NO_DEMAND,
  NULL_REVERSE_PATH,
  parseMailbox,
} from "../mail/mod.ts";
import type { Destination, QueueId, Settlement } from "../queue/mod.ts";
import type { LocalDomain } from "./mod.ts";
import { returnNotices } from "./returns.ts";
import { rewriteSender } from "./srs.ts";

const AT = 20_000 * 86_400_000;
const SECRETS = ["a secret of this test"] as const;
const FWD = domain("fwd.example");

function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

function settlement(to: Mailbox): Settlement {
  const envelope: Envelope = {
    reversePath: NULL_REVERSE_PATH,
    recipients: [{ mailbox: to, notify: "never" }],
    body: "7bit",
    smtpUtf8: false,
    dsn: {},
    demand: NO_DEMAND,
    origin: { kind: "generated" },
    content: { size: 1, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 1 },
  };
  const units = [{ destination: to.domain as string as Destination, recipients: [0] }];
  const message = { id: "a" as QueueId, envelope, acceptedAt: AT, units };
  return { at: AT, recipients: new Map(), enqueue: [{ message, body: new Uint8Array(1) }] };
}

function returnedTo(to: Mailbox, at = AT, secrets: readonly [string] | undefined = SECRETS): string {
  const local = (srs: boolean): LocalDomain => ({
    name: FWD,
    aliases: new Map(),
    exists: () => true,
    canonical: (name) => name,
    srs,
  });
  const rules = {
    postmaster: mailbox("bo@rook.example"),
    domains: new Map([
      [FWD, local(true)],
      [domain("rook.example"), local(false)],
    ]),
  };
  const destinationOf = (one: Mailbox): Destination => one.domain as string as Destination;
  const message = returnNotices(settlement(to), { rules, secrets, at, destinationOf }).enqueue?.[0]?.message;
  assert.ok(message !== undefined);
  assert.deepEqual(message.envelope.recipients[0]?.notify, "never");
  assert.deepEqual(message.units[0]?.recipients, [0]);
  return `${formatMailbox(message.envelope.recipients[0].mailbox)} by ${message.units[0].destination}`;
}

test("returnNotices: our own notice about forwarded mail goes to the sender behind the rewritten one", () => {
  const rewritten = rewriteSender(mailbox("ada@pine.example"), FWD, { secrets: SECRETS, at: AT });
  assert.ok(rewritten.ok);
  const { value } = rewritten;
  assert.equal(returnedTo(value), "ada@pine.example by pine.example");
  const same = `${formatMailbox(value)} by fwd.example`;
  assert.equal(returnedTo(value, AT + 13 * 86_400_000), same);
  assert.equal(returnedTo(value, AT, ["another"]), same);
  assert.equal(returnedTo(mailbox("ada@fwd.example")), "ada@fwd.example by fwd.example");
  assert.equal(returnedTo({ ...value, domain: domain("rook.example") }).endsWith("by rook.example"), true);
  assert.equal(returnedTo({ ...value, domain: domain("elm.example") }).endsWith("by elm.example"), true);
});
