import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMailbox, formatReversePath, type Mailbox, parseMailbox, type ReversePath } from "../mail/mod.ts";
import { copiesOf } from "./copies.ts";
import type { Entry } from "./entry.ts";

function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

const SENDER: ReversePath = { kind: "mailbox", mailbox: mailbox("ada@pine.example") };

function split(entries: readonly (readonly [to: string, by?: string])[], rewrite = false): readonly string[] {
  const list = entries.map(([to, by]): Entry => {
    const recipient = { mailbox: mailbox(to) };
    return by === undefined ? { recipient } : { recipient, forwardedBy: mailbox(by) };
  });
  const copies = copiesOf(list, SENDER, (by) => (rewrite ? { kind: "mailbox", mailbox: by } : SENDER));
  return copies.map(({ reversePath, recipients, deliveredTo }) =>
    [
      formatReversePath(reversePath),
      recipients.map((one) => formatMailbox(one.mailbox)).join("+"),
      deliveredTo === undefined ? "-" : formatMailbox(deliveredTo),
    ].join(" "),
  );
}

test("copiesOf: what stays together, and what each forwarding address marks as its own (RFC 5321 §6.3)", () => {
  assert.deepEqual(split([["bo@rook.example"], ["ann@rook.example"]]), [
    "<ada@pine.example> bo@rook.example+ann@rook.example -",
  ]);
  assert.deepEqual(
    split([
      ["x@elm.example", "a@rook.example"],
      ["bo@rook.example"],
      ["y@elm.example", "A@rook.example"],
      ["z@elm.example", "b@rook.example"],
    ]),
    [
      "<ada@pine.example> x@elm.example+y@elm.example a@rook.example",
      "<ada@pine.example> bo@rook.example -",
      "<ada@pine.example> z@elm.example b@rook.example",
    ],
  );
});

test("copiesOf: many forwarding addresses do not make many copies", () => {
  const entries = (count: number): (readonly [string, string])[] =>
    Array.from({ length: count }, (_, at) => [`x${at}@elm.example`, `a${at}@rook.example`]);
  assert.equal(split(entries(10)).length, 10);
  const one = split(entries(11));
  assert.equal(one.length, 1);
  assert.match(one[0] ?? "", / -$/);
});
