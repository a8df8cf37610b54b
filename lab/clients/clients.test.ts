import assert from "node:assert/strict";
import { test } from "node:test";
import { CLIENT_ROWS } from "../rows/clients.ts";
import { codesOf, mishears, written } from "./hears.ts";
import { playClients } from "./run.ts";
import type { ClientPlay } from "./types.ts";

test("every hostile client gets what the threat model says, and honest mail passes beside it", async () => {
  const claims = await playClients(CLIENT_ROWS, 1);
  assert.deepEqual(
    claims.filter(({ held }) => !held),
    [],
  );
  assert.equal(claims.length, CLIENT_ROWS.length);
});

test("the same seed gives the same octets", async () => {
  const rows = CLIENT_ROWS.filter(({ row }) => ["A18", "J06", "L05"].includes(row));
  assert.deepEqual(await playClients(rows, 7), await playClients(rows, 7));
});

test("a play that does not end as it must is told, and so is a message that arrives twice or not at all", async () => {
  const talk = [
    "EHLO a",
    "MAIL FROM:<ada@client.test>",
    "RCPT TO:<bo@house.test>",
    "DATA",
    "Subject: CANARY\r\n\r\nx\r\n.",
  ];
  const plays: readonly ClientPlay[] = [
    { variant: "code", steps: [{ kind: "say", lines: ["XYZZY"], hears: "250" }] },
    { variant: "none", steps: [{ kind: "say", lines: talk, hears: "250*3 354 250" }] },
    { variant: "two", steps: [{ kind: "say", lines: talk, hears: "250*3 354 250" }], arrives: 2 },
    { variant: "told", steps: [], told: ["memory"] },
    { variant: "more", steps: [{ kind: "send", text: "NOOP\r\n", hears: "none" }] },
    {
      variant: "smuggled",
      steps: [
        {
          kind: "say",
          lines: [...talk.slice(0, 4), "X-Smuggled: CANARY\r\n\r\nx\r\n."],
          hears: "250*3 354 250",
        },
      ],
      arrives: 1,
    },
  ];
  const [claim] = await playClients([{ row: "J01", claim: "x", plays }], 1);
  assert.deepEqual(claim, {
    row: "J01",
    claim: "x",
    held: false,
    seen: [
      "code: heard 500, not 250",
      "none: 1 messages of the client arrived, not 0",
      "two: 1 messages of the client arrived, not 2",
      "told: nothing was told of memory",
      "more: the server went on with 250",
      "smuggled: a message was smuggled in",
    ].join("; "),
  });
});

test("hears: codes are counted, alternatives are as good as each other, and silence is told", async () => {
  assert.deepEqual(codesOf("250*2 354 end"), ["250", "250", "354", "end"]);
  assert.deepEqual(codesOf("none"), []);
  assert.equal(written(["250", "250", "end"]), "250*2 end");
  const ear = (text: string) => {
    const codes = codesOf(text).values();
    return { next: () => Promise.resolve(codes.next().value) };
  };
  assert.equal(await mishears(ear("554 end"), ["220 end", "554 end"]), undefined);
  assert.equal(await mishears(ear("250"), "none"), undefined);
  assert.equal(await mishears(ear("250 451"), "250*2"), "heard 250 451, not 250*2");
  assert.equal(await mishears(ear("250"), "250*2"), "heard 250 and nothing more, not 250*2");
});
