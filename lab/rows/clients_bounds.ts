import type { ClientPlay, ClientScenario, HouseSpec } from "../clients/types.ts";
import { hears, IN_DATA, IN_MAIL, MINUTE, passes, say, SECOND, send, TALK } from "./clients_words.ts";

const HEADER = "Subject: CANARY\r\n\r\n";
const MEBI = 1_048_576;
const RELAY: HouseSpec = { toml: '[relay]\nnetworks = ["127.0.0.0/8"]\n' };

/** What clients use up: rows of group L. */
export const BOUNDS_CLIENTS: readonly ClientScenario[] = [
  {
    row: "L01",
    claim: "Slow commands, and commands without use, end the connection, and honest mail passes beside them",
    plays: [
      {
        variant: "octets",
        crowd: 200,
        steps: [{ kind: "trickle", text: "MAIL FROM:<ada@client.test> SIZE=1", every: 9 * SECOND }, hears("421 end")],
        told: ["command-time"],
      },
      {
        variant: "silence",
        crowd: 200,
        steps: [
          say("250", "EHLO client.test"),
          passes(4 * MINUTE),
          { kind: "honest" },
          passes(2 * MINUTE),
          hears("421 end"),
        ],
        told: ["command-time"],
      },
      {
        variant: "nothing-of-use",
        steps: [say("250*100 421 end", "EHLO client.test", ...Array<string>(100).fill("NOOP"), "")],
        told: ["mistakes"],
      },
    ],
  },
  {
    row: "L02",
    claim: "Content that comes too slowly, or not at all, ends the connection; replies that nobody reads do too",
    plays: [
      {
        variant: "octets",
        crowd: 20,
        steps: [IN_DATA, { kind: "trickle", text: "x".repeat(31), every: SECOND }, hears("421 end")],
        told: ["content-rate"],
      },
      {
        variant: "chunk",
        crowd: 20,
        steps: [IN_MAIL, send("BDAT 1000 LAST\r\n"), passes(40 * SECOND), hears("421 end")],
        told: ["content-rate"],
      },
      {
        variant: "closed-window",
        steps: [
          IN_MAIL,
          { kind: "deafen", unit: "RCPT TO:<bo@house.test>\r\n".repeat(2000) },
          { kind: "honest" },
          passes(6 * MINUTE),
        ],
        told: ["command-time"],
      },
    ],
  },
  {
    row: "L03",
    claim: "A line without an end is not kept, whether it is a command, content or the reply of a host",
    plays: [
      {
        variant: "command",
        steps: [
          say("250", "EHLO client.test"),
          { kind: "flood", unit: "x".repeat(65_536), times: 512, holds: 8 * MEBI },
          send("\r\n", "500"),
        ],
      },
      {
        variant: "content",
        steps: [
          // Too long for any next hop, it comes back; nobody is to hear of that here.
          say("250*3 354", "EHLO client.test", "MAIL FROM:<>", "RCPT TO:<bo@house.test>", "DATA"),
          send(HEADER),
          { kind: "flood", unit: "x".repeat(65_536), times: 64, holds: 2 * MEBI },
          send("\r\n.\r\n", ["500", "550", "554", "552", "250"]),
        ],
        arrives: [0, 1],
      },
      deferred("reply", "endless-line"),
    ],
  },
  { row: "L04", claim: "A reply without an end makes the message wait", plays: [deferred("", "endless-reply")] },
  {
    row: "L05",
    claim: "Recipients beyond the limit get 452 and those before it their mail; fields beyond the limit get 552 or 554",
    plays: [
      {
        variant: "recipients",
        steps: [
          say("250*2", ...TALK.slice(0, 2)),
          send("RCPT TO:<bo@house.test>\r\n".repeat(1500), "250*1000 452*500"),
          say("354 250", "DATA", `${HEADER}x\r\n.`),
        ],
        arrives: 1,
      },
      {
        variant: "fields",
        steps: [IN_DATA, send(`${"X-A: x\r\n".repeat(1001)}${HEADER}x\r\n.\r\n`, ["552", "554"])],
      },
      {
        variant: "header",
        steps: [
          IN_DATA,
          {
            kind: "flood",
            unit: `X-A: ${"x".repeat(900)}\r\n ${"x".repeat(900)}\r\n`.repeat(16),
            times: 512,
            holds: 8 * MEBI,
          },
          send(`${HEADER}x\r\n.\r\n`, ["552", "554"]),
        ],
      },
    ],
  },
  {
    row: "L09",
    claim: "Names of fields that are made to collide are taken like any others",
    plays: [
      {
        variant: "numbers",
        steps: [
          IN_DATA,
          send(
            `${Array.from({ length: 990 }, (_, at) => `${at * 2 ** 20}: x\r\n`).join("")}${HEADER}x\r\n.\r\n`,
            "250",
          ),
        ],
        arrives: 1,
      },
    ],
  },
  {
    row: "L13",
    claim: "A disk or a queue that is full gives 452 before the content, and nothing is taken that cannot be kept",
    plays: [
      {
        variant: "disk",
        house: { toml: '[queue]\nfree_space = "8000000 GB"\n' },
        nobody: "250 452",
        steps: [say(["250 452", "250*2 452", "250*3 452"], ...TALK, "DATA")],
        told: ["disk-space"],
      },
    ],
  },
];

function deferred(variant: string, far: NonNullable<HouseSpec["far"]>): ClientPlay {
  return {
    variant,
    house: { ...RELAY, far },
    steps: [say("250*3 354 250", ...TALK.slice(0, 2), "RCPT TO:<eve@far.test>", "DATA", `${HEADER}x\r\n.`)],
    waits: true,
  };
}
