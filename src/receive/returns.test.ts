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

async function returnedTo(to: Mailbox, at = AT, secrets: readonly [string] | undefined = SECRETS): Promise<string> {
  const local = (srs: boolean): LocalDomain => ({
    name: FWD,
    aliases: new Map([["sales", [mailbox("ann@fwd.example"), mailbox("x@pine.example")]]]),
    exists: (name) => {
      if (name === "broken") throw new Error("no such table");
      return name === "unknown" ? "unknown" : name !== "nobody";
    },
    canonical: (name) => name.toLowerCase(),
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
  const { enqueue = [] } = await returnNotices(settlement(to), { rules, secrets, at, destinationOf });
  const [notice] = enqueue;
  if (notice === undefined) return "dropped";
  const { envelope, units } = notice.message;
  assert.ok(envelope.recipients.every(({ notify }) => notify === "never"));
  return units
    .map(({ destination, recipients }) => {
      const names = recipients.map((index) => envelope.recipients[index]).flatMap((one) => (one ? [one.mailbox] : []));
      return `${names.map(formatMailbox).join("+")} by ${destination}`;
    })
    .join(", ");
}

test("returnNotices: our own notice about forwarded mail goes to the sender behind the rewritten one", async () => {
  const rewritten = rewriteSender(mailbox("ada@pine.example"), FWD, { secrets: SECRETS, at: AT });
  assert.ok(rewritten.ok);
  const { value } = rewritten;
  assert.equal(await returnedTo(value), "ada@pine.example by pine.example");
  const same = `${formatMailbox(value).toLowerCase()} by fwd.example`;
  assert.equal(await returnedTo(value, AT + 13 * 86_400_000), same);
  assert.equal(await returnedTo(value, AT, ["another"]), same);
  assert.equal(await returnedTo(mailbox("ada@fwd.example")), "ada@fwd.example by fwd.example");
  assert.match(await returnedTo({ ...value, domain: domain("rook.example") }), /by rook\.example$/);
  assert.match(await returnedTo({ ...value, domain: domain("elm.example") }), /by elm\.example$/);
});

test("returnNotices: a notice to an address of ours goes where its mail goes: through aliases, in the spelling of its mailbox", async () => {
  const table = [
    ["sales@fwd.example", "ann@fwd.example by fwd.example, x@pine.example by pine.example"],
    ["Ann@fwd.example", "ann@fwd.example by fwd.example"],
    ["nobody@fwd.example", "dropped"],
    ["broken@fwd.example", "broken@fwd.example by fwd.example"],
    ["unknown@fwd.example", "unknown@fwd.example by fwd.example"],
    ["Pat@pine.example", "Pat@pine.example by pine.example"],
  ] as const;
  for (const [to, expected] of table) assert.equal(await returnedTo(mailbox(to)), expected, to);
});
