import assert from "node:assert/strict";
import { test } from "node:test";
import { domain, NULL_REVERSE_PATH } from "../mail/mod.ts";
import { senderKey, senderKeyOf, unitTest } from "./filter.ts";
import type { Destination, QueueId, UnitFilter } from "./port.ts";

test("senders are the same whatever the case of the domain, and the quoting, and never by the local part's case", () => {
  const key = senderKey({ kind: "mailbox", mailbox: { localPart: "Ann.B", domain: domain("grün.example") } });
  const table: [string, boolean][] = [
    ["Ann.B@grün.example", true],
    ["Ann.B@GRÜN.Example", true],
    ['"Ann.B"@grün.example', true],
    ["ann.b@grün.example", false],
    ["Ann.B@grun.example", false],
    ["Ann.B", false],
    ["", false],
    ["\n", false],
  ];
  assert.deepEqual(
    table.map(([text]) => [text, senderKeyOf(text) === key]),
    table,
  );
  assert.equal(senderKeyOf("<>"), senderKey(NULL_REVERSE_PATH));
  assert.equal(senderKeyOf(""), senderKey(NULL_REVERSE_PATH));
});

test("what is no address means no sender, not even an unreadable one", () => {
  const unit = { message: "a", destination: "rook.example", kind: "ready", due: 5 } as const;
  const senders = [undefined, "", "ann@pine.example"].map((sender) => ({
    ...unit,
    ...(sender === undefined ? {} : { sender }),
  }));
  const meant = (filter: UnitFilter): boolean[] => senders.map(unitTest(filter, 5));
  assert.deepEqual(meant({ sender: "no address" }), [false, false, false]);
  assert.deepEqual(meant({ sender: "" }), [false, true, false]);
  assert.deepEqual(meant({}), [true, true, true]);
  assert.deepEqual(meant({ message: "a" as QueueId, destination: "rook.example" as Destination, state: "due" }), [
    true,
    true,
    true,
  ]);
  assert.deepEqual(meant({ message: "b" as QueueId }), [false, false, false]);
});
