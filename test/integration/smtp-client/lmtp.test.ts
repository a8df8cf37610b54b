import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dialogue, play, type PlayOptions, request, to } from "./dialogue.ts";

const LMTP: NonNullable<PlayOptions["options"]> = { protocol: "lmtp" };
const three = request({ recipients: to("bo@rook.example", "cy@rook.example", "di@rook.example") });
const HELLO: Dialogue = ["> connected", "S: 220 rook LMTP", "C: LHLO out.pine.example"];
const PIPELINED: Dialogue = [...HELLO, "S: 250-rook", "S: 250 PIPELINING", "< ready"];
const GROUP: Dialogue = [
  "> transact",
  "C: MAIL FROM:<ada@pine.example>",
  "C: RCPT TO:<bo@rook.example>",
  "C: RCPT TO:<cy@rook.example>",
  "C: RCPT TO:<di@rook.example>",
  "C: DATA",
];
const DOT: Dialogue = ["C: Subject: x", "C: ", "C: ..hello", "C: ."];

interface Scene extends PlayOptions {
  readonly name: string;
  readonly dialogue: Dialogue;
}

const SCENES: readonly Scene[] = [
  {
    name: "one reply per accepted recipient after the dot, in the order of their RCPTs (RFC 2033 §4.2)",
    deadlines: true,
    dialogue: [
      "> connected",
      "< wait 300 s for the greeting",
      "S: 220 rook LMTP",
      "C: LHLO out.pine.example",
      "< wait 300 s for the reply to LHLO",
      "S: 250-rook",
      "S: 250 PIPELINING",
      "< ready",
      ...GROUP,
      "< wait 300 s for the reply to MAIL",
      "S: 250 2.1.0 ok",
      "S: 250 2.1.5 ok",
      "S: 550 5.1.1 nobody",
      "S: 250 2.1.5 ok",
      "S: 354 go on",
      "< wait 300 s for the reply to RCPT",
      "< wait 300 s for the reply to RCPT",
      "< wait 300 s for the reply to RCPT",
      "< wait 120 s for the reply to DATA",
      "< wait 180 s for a block of content to leave",
      ...DOT,
      "< wait 600 s for the reply to the end of the content",
      "S: 250 2.0.0 kept",
      "< wait 600 s for the reply to the end of the content",
      "S: 452 4.2.2 full",
      "< done: 250 2.0.0 remote-reply, 550 5.1.1 remote-reply, 452 4.2.2 remote-reply; reusable",
    ],
  },
  {
    name: "all replies at once, then the next message without RSET",
    dialogue: [
      ...PIPELINED,
      ...GROUP,
      "S: 250 ok",
      "S: 250 ok",
      "S: 250 ok",
      "S: 250 ok",
      "S: 354 go on",
      ...DOT,
      "S: 552 5.2.2 full",
      "S: 250 2.0.0 kept",
      "S: 451 4.3.0 later",
      "< done: 552 5.2.2 remote-reply, 250 2.0.0 remote-reply, 451 4.3.0 remote-reply; reusable",
      "> transact",
      ...GROUP.slice(1),
    ],
    requests: [three, three],
  },
  {
    name: "a reply too few: who has none may have got the message, and who has one keeps it",
    dialogue: [
      ...PIPELINED,
      ...GROUP,
      "S: 250 ok",
      "S: 250 ok",
      "S: 250 ok",
      "S: 250 ok",
      "S: 354 go on",
      ...DOT,
      "S: 250 2.0.0 kept",
      "> lost",
      "< done: 250 2.0.0 remote-reply, 451 4.4.2 connection-lost, 451 4.4.2 connection-lost; host failed, after dot",
      "< cut",
    ],
  },
  {
    name: "a reply too many ends the session, and changes nothing",
    dialogue: [
      ...PIPELINED,
      ...GROUP,
      "S: 250 ok",
      "S: 250 ok",
      "S: 550 no",
      "S: 550 no",
      "S: 354 go on",
      ...DOT,
      "S: 250 2.0.0 kept",
      "S: 250 2.0.0 kept",
      "< done: 250 2.0.0 remote-reply, 550 - remote-reply, 550 - remote-reply; reusable",
      "< cut",
    ],
  },
  {
    name: "421 among the replies counts for all that have none (RFC 5321 §3.8)",
    dialogue: [
      ...PIPELINED,
      ...GROUP,
      "S: 250 ok",
      "S: 250 ok",
      "S: 250 ok",
      "S: 250 ok",
      "S: 354 go on",
      ...DOT,
      "S: 250 2.0.0 kept",
      "S: 421 4.3.2 bye",
      "< done: 250 2.0.0 remote-reply, 421 4.3.2 remote-reply, 421 4.3.2 remote-reply; host failed",
      "< cut",
    ],
  },
  {
    name: "content is never begun for nobody, for no reply would come (RFC 2033 §4.2)",
    dialogue: [
      ...PIPELINED,
      ...GROUP,
      "S: 250 ok",
      "S: 550 no",
      "S: 550 no",
      "S: 450 later",
      "S: 354 go on",
      "< done: 550 - remote-reply, 550 - remote-reply, 450 - remote-reply; ",
      "< cut",
    ],
  },
  {
    name: "a refused MAIL decides for all, whatever is said to DATA",
    dialogue: [
      ...PIPELINED,
      ...GROUP,
      "S: 451 4.3.0 later",
      "S: 503 no",
      "S: 503 no",
      "S: 503 no",
      "S: 354 go on",
      "< done: 451 4.3.0 remote-reply, 451 4.3.0 remote-reply, 451 4.3.0 remote-reply; host failed",
      "< cut",
    ],
  },
  {
    name: "without PIPELINING DATA is not sent for nobody",
    requests: [request()],
    dialogue: [
      ...HELLO,
      "S: 250 rook",
      "< ready",
      "> transact",
      "C: MAIL FROM:<ada@pine.example>",
      "S: 250 ok",
      "C: RCPT TO:<bo@rook.example>",
      "S: 550 5.1.1 no",
      "< done: 550 5.1.1 remote-reply; reusable",
    ],
  },
  {
    name: "no HELO after a refused LHLO (RFC 2033 §4.1)",
    dialogue: [...HELLO, "S: 500 what?", "< failed at hello: 500 - remote-reply", "C: QUIT", "< end"],
  },
  {
    name: "LHLO again inside TLS",
    options: { ...LMTP, tls: "starttls" },
    dialogue: [
      ...HELLO,
      "S: 250-rook",
      "S: 250 STARTTLS",
      "C: STARTTLS",
      "S: 220 go on",
      "< start-tls",
      "> secured",
      "C: LHLO out.pine.example",
    ],
  },
  {
    name: "the last BDAT is answered for each accepted recipient (RFC 2033 §4.3)",
    options: { ...LMTP, chunking: "preferred", chunkSize: 10 },
    requests: [three, three],
    dialogue: [
      ...HELLO,
      "S: 250-rook",
      "S: 250-PIPELINING",
      "S: 250 CHUNKING",
      "< ready",
      ...GROUP.slice(0, -1),
      "S: 250 ok",
      "S: 250 ok",
      "S: 550 no",
      "S: 250 ok",
      "C: BDAT 10",
      "C: Subject: xBDAT 10",
      "C: ",
      "C: ",
      "C: .hello\\",
      "S: 250 ok",
      "S: 250 ok",
      "C: BDAT 2 LAST",
      "C: ",
      "S: 452 4.2.2 full",
      "S: 250 2.0.0 kept",
      "< done: 452 4.2.2 remote-reply, 550 - remote-reply, 250 2.0.0 remote-reply; reusable",
      "> transact",
      ...GROUP.slice(1, -1),
    ],
  },
  {
    name: "the last BDAT refused for all: RSET comes before the next message (RFC 3030 §2)",
    options: { ...LMTP, chunking: "preferred" },
    requests: [request(), request()],
    dialogue: [
      ...HELLO,
      "S: 250-rook",
      "S: 250 CHUNKING",
      "< ready",
      "> transact",
      "C: MAIL FROM:<ada@pine.example>",
      "S: 250 ok",
      "C: RCPT TO:<bo@rook.example>",
      "S: 250 ok",
      "C: BDAT 22 LAST",
      "C: Subject: x",
      "C: ",
      "C: .hello",
      "S: 552 5.2.2 full",
      "< done: 552 5.2.2 remote-reply; reusable",
      "> transact",
      "C: RSET",
    ],
  },
];

for (const { name, dialogue, ...rest } of SCENES) {
  test(`LMTP client: ${name}`, () => {
    assert.deepEqual(play(dialogue, { options: LMTP, requests: [three], ...rest }).lines, dialogue);
  });
}

test("LMTP client: every split of the server's octets gives the same dialogue", () => {
  for (const { dialogue, ...rest } of SCENES) {
    // With deadlines shown, the order of lines tells how the octets came.
    if (rest.deadlines === true) continue;
    for (let at = 0; at < 40; at++) {
      const split: PlayOptions["split"] = (octets) => [octets.subarray(0, at), octets.subarray(at)];
      assert.deepEqual(play(dialogue, { options: LMTP, requests: [three], ...rest, split }).lines, dialogue);
    }
  }
});
