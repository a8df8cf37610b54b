import type { ClientPlay, ClientScenario, HouseSpec } from "../clients/types.ts";
import { hears, IN_DATA, IN_MAIL, say, send, SMUGGLED, TALK } from "./clients_words.ts";

const HEADER = "Subject: CANARY\r\n\r\n";
/** The secret is longer than the word that stands for it. */
const CANARY_GROWS = 32 - "CANARY".length;

/** Everything that some program takes for the end of content, and we must not. */
const ENDS: Readonly<Record<string, string>> = {
  "lf-dot-lf": "\n.\n",
  "cr-dot-cr": "\r.\r",
  "cr-dot-crlf": "\r.\r\n",
  "cr-dot-lf": "\r.\n",
  "lf-dot-cr": "\n.\r",
  "lf-dot-crlf": "\n.\r\n",
  "crlf-dot-cr": "\r\n.\r",
  "crlf-dot-lf": "\r\n.\n",
  "crlf-nul-dot-crlf": "\r\n\0.\r\n",
  "crlf-dot-nul-crlf": "\r\n.\0\r\n",
};

/** What clients write: rows of group J, and one of I. */
export const GRAMMAR_CLIENTS: readonly ClientScenario[] = [
  {
    row: "I10",
    claim: "PROXY, XCLIENT and XFORWARD from those who are not configured are refused and change nothing",
    plays: [
      {
        variant: "header",
        opens: { kind: "tcp", to: "clear" },
        steps: [send("PROXY TCP4 192.0.2.1 203.0.113.9 1 25\r\n", ["554 end", "220 500"])],
        house: relay(),
      },
      {
        variant: "commands",
        steps: [
          say("500*3", "PROXY TCP4 192.0.2.1 203.0.113.9 1 25", "XCLIENT ADDR=192.0.2.1", "XFORWARD ADDR=192.0.2.1"),
          say("250*2 550", "EHLO client.test", "MAIL FROM:<ada@client.test>", "RCPT TO:<eve@elsewhere.test>"),
        ],
        house: relay(),
      },
    ],
  },
  {
    row: "J01",
    claim: "Only CRLF.CRLF ends the content, wherever the octets are cut: one message or none, never two",
    plays: Object.entries(ENDS).map(
      ([variant, end]): ClientPlay => ({
        variant,
        steps: [
          // Content with NUL is taken, and comes back when no next hop can have it; nobody is to hear of that here.
          say("250*3 354", "EHLO client.test", "MAIL FROM:<>", "RCPT TO:<bo@house.test>", "DATA"),
          {
            kind: "send",
            text: `${HEADER}x${end}${SMUGGLED}`,
            hears: ["250", "550", "554"],
            // From the last octets before the end to the first ones of the command behind it.
            split: { from: HEADER.length + CANARY_GROWS, to: HEADER.length + CANARY_GROWS + end.length + 3 },
          },
        ],
        arrives: [0, 1],
      }),
    ),
  },
  {
    row: "J02",
    claim: "No bare CR or LF leaves: what a client sends is refused, what is handed in here gets whole line ends",
    plays: [
      {
        variant: "by-smtp",
        house: far(),
        steps: [
          say("250*3 354", ...TALK.slice(0, 2), "RCPT TO:<eve@far.test>", "DATA"),
          send(`${HEADER}x\n.\n${SMUGGLED}`, ["550", "554"]),
        ],
      },
      ...(
        [
          ["x\n.\n", "taken"],
          ["x\r.\r", "refused"],
          ["x\r\n.\rY", "refused"],
        ] as const
      ).map(
        ([body, answer], at): ClientPlay => ({
          variant: `handed-in-${at}`,
          house: far(),
          opens: { kind: "tcp", to: "clear" },
          steps: [
            hears("220"),
            {
              kind: "submit",
              from: "ada@client.test",
              to: "eve@far.test",
              content: `From: <ada@client.test>\nSubject: CANARY\n\n${body}${SMUGGLED}`,
              hears: answer,
            },
          ],
          arrives: answer === "taken" ? 1 : 0,
          content: { pure: true },
        }),
      ),
    ],
  },
  {
    row: "J03",
    claim: "A dot is taken off behind CRLF alone, and only one; content with bare line ends does not get through",
    plays: [
      ...(
        [
          ["bare-lf", "a\n..\r\n"],
          ["bare-cr", "a\r..\r\n"],
        ] as const
      ).map(
        ([variant, body]): ClientPlay => ({
          variant,
          steps: [IN_DATA, send(`${HEADER}${body}.\r\n`, ["250", "550", "554"])],
          arrives: [0, 1],
          content: { has: ["..\r\n"] },
        }),
      ),
      {
        variant: "crlf",
        // At a recipient they stand as they were sent: taken off here, and put on for the next hop.
        steps: [IN_DATA, send(`${HEADER}..\r\n...\r\na\r\n..b\r\n.\r\n`, "250")],
        arrives: 1,
        content: { has: ["\r\n..\r\n...\r\na\r\n..b\r\n"] },
      },
    ],
  },
  {
    row: "J04",
    claim: "No size and no order of BDAT confuses the session: 501, 503 or 552, and nothing is left of it",
    plays: [
      lines("no-transaction", "BDAT 2 LAST\r\nxx", "503", false),
      ...["-1", "1e99 LAST", "0x10", "", "99999999999999999999999999", "1 FIRST"].map((size, at) =>
        lines(`size-${at}`, `BDAT ${size}\r\n`, "501"),
      ),
      lines("data-after", "BDAT 1\r\nxDATA\r\n", "250 503"),
      lines("mail-after", "BDAT 1\r\nxMAIL FROM:<>\r\n", "250 503"),
      {
        ...lines("too-large", `BDAT 200000 LAST\r\n${HEADER}${"x".repeat(200_000 - 45)}`, "552"),
        house: { top: 'message_size = "100 KB"' },
      },
      {
        variant: "last-missing",
        steps: [
          IN_MAIL,
          send(`BDAT 60\r\n${`${HEADER}x`.padEnd(79, "x").slice(0, 28)}`),
          { kind: "half-close" },
          hears("end"),
        ],
      },
      {
        variant: "chunks-of-one",
        steps: [
          IN_MAIL,
          send(
            HEADER.replace("CANARY", "")
              .split("")
              .map((octet) => `BDAT 1\r\n${octet}`)
              .join(""),
            `250*${HEADER.length - 6}`,
          ),
          send("BDAT 32\r\nCANARY", "250"),
          send(`${"BDAT 1\r\nx".repeat(500)}BDAT 2 LAST\r\n\r\n`, "250*501"),
        ],
        arrives: 1,
      },
    ],
  },
  {
    row: "J05",
    claim: "Who talks ahead of a reply that must be awaited is cut off, and nothing of it is run",
    plays: [
      {
        variant: "greeting",
        opens: { kind: "tcp", to: "clear" },
        steps: [send(`EHLO evil.test\r\n${SMUGGLED}`, ["554 end", "220 554 end", "end"])],
      },
      ahead("hello", [], `EHLO evil.test\r\n${SMUGGLED}`),
      ahead("helo", ["HELO client.test"], SMUGGLED),
      ahead("data", TALK, "DATA\r\nX-Smuggled: 1\r\nSubject: CANARY\r\n\r\nx\r\n.\r\n"),
      ahead("noop", ["EHLO client.test"], `NOOP\r\n${SMUGGLED}`),
      ahead("auth", ["EHLO client.test"], `AUTH PLAIN AGEAYg==\r\n${SMUGGLED}`),
      ahead("starttls", ["EHLO client.test"], `STARTTLS\r\n${SMUGGLED}`),
    ],
  },
  {
    row: "J06",
    claim: "After a refused message nothing of its transaction is left: 503",
    plays: (
      [
        ["bare-lf", ["DATA", "a\nb\r\n."], "354 550"],
        ["hops", ["DATA", `${"Received: from a by b\r\n".repeat(101)}\r\nx\r\n.`], "354 554"],
        ["chunk", ["BDAT 5 LAST\r\na\nb"], "550"],
      ] as const
    ).map(
      ([variant, content, codes]): ClientPlay => ({
        variant,
        steps: [
          IN_MAIL,
          say(codes, ...content),
          say("503*2", "RCPT TO:<bo@house.test>", "DATA"),
          say("250*2 354 250", ...TALK.slice(1), "DATA", `${HEADER}x\r\n.`),
        ],
        arrives: 1,
      }),
    ),
  },
  {
    row: "J07",
    claim: "An address or identifier with a line end or a control character is refused before an octet leaves",
    plays: (
      [
        ["from-crlf", { from: "ada@client.test>\r\nRCPT TO:<x@far.test" }],
        ["to-crlf", { to: "eve@far.test>\r\nDATA" }],
        ["to-lf", { to: "eve\n@far.test" }],
        ["to-nul", { to: "eve\0@far.test" }],
        ["to-line-separator", { to: "eve@far\u2028.test" }],
      ] as const
    ).map(
      ([variant, given]): ClientPlay => ({
        variant,
        house: far(),
        opens: { kind: "tcp", to: "clear" },
        steps: [
          hears("220"),
          {
            kind: "submit",
            from: "ada@client.test",
            to: "eve@far.test",
            content: "From: <ada@client.test>\nSubject: CANARY\n\nx\n",
            hears: "refused",
            ...given,
          },
        ],
      }),
    ),
  },
  {
    row: "J08",
    claim: "What xtext hides is looked at: no NUL and no line end in ENVID or ORCPT",
    plays: [
      {
        variant: "",
        steps: [
          say("250", "EHLO client.test"),
          say(
            "501*3 250",
            ...["a+00b", "a+0D+0Ab", "a+0db", "ok+2B"].map((id) => `MAIL FROM:<ada@client.test> ENVID=${id}`),
          ),
          say(
            "501*2 250",
            ...["+0D+0A", "a+00@b.test", "bo@house.test"].map((to) => `RCPT TO:<bo@house.test> ORCPT=rfc822;${to}`),
          ),
          say("354 250", "DATA", `${HEADER}x\r\n.`),
        ],
        arrives: 1,
      },
    ],
  },
  {
    row: "J09",
    claim: "An address means one thing to everybody here, and a tangle of one is refused",
    plays: [
      {
        variant: "other-domains",
        steps: [
          say("250*2", "EHLO client.test", "MAIL FROM:<ada@client.test>"),
          say(
            "550*3 250 501*6",
            '<"a@evil.test"@house.test>',
            "<a%evil.test@house.test>",
            "<evil.test!a@house.test>",
            "<@evil.test,@x.test:bo@house.test>",
            "<bo@house.test>b@evil.test",
            "<bo@evil.test,b@house.test>",
            "<bo@house.test@evil.test>",
            "<bo@house.test\0>",
            `<${"(".repeat(3000)}a@house.test>`,
            `<"${"\\\\".repeat(1500)}"@house.test>`,
          ),
          say("354 250", "DATA", `${HEADER}x\r\n.`),
        ].map((step, at) =>
          at === 1 && step.kind === "say" ? { ...step, lines: step.lines.map((path) => `RCPT TO:${path}`) } : step,
        ),
        arrives: 1,
      },
    ],
  },
  {
    row: "J10",
    claim: "Names that mean something to JavaScript are names of fields like any other",
    plays: [
      {
        variant: "",
        steps: [
          IN_DATA,
          send(
            `__proto__: x\r\nconstructor: x\r\nhasOwnProperty: x\r\ntoString: x\r\nvalueOf: x\r\n${HEADER}x\r\n.\r\n`,
            "250",
          ),
        ],
        arrives: 1,
        content: { has: ["\r\n__proto__: x\r\nconstructor: x\r\nhasOwnProperty: x\r\n"] },
      },
    ],
  },
  {
    row: "J12",
    claim: "A message with more than a hundred hops is refused, one with a hundred is taken",
    plays: [
      {
        variant: "101-hops",
        steps: [IN_DATA, send(`${"Received: from a.test by b.test\r\n".repeat(101)}${HEADER}x\r\n.\r\n`, "554")],
      },
      {
        variant: "100-hops",
        steps: [IN_DATA, send(`${"Received: from a.test by b.test\r\n".repeat(100)}${HEADER}x\r\n.\r\n`, "250")],
        arrives: 1,
      },
    ],
  },
  {
    row: "J15",
    claim: "What can be refused is refused while its client is there; no notice goes to a forged or an empty sender",
    plays: [
      {
        variant: "unknown-recipient",
        steps: [
          say("250*2 550*2", ...TALK.slice(0, 2), "RCPT TO:<nobody@house.test>", "RCPT TO:<x@elsewhere.test>"),
          say("554", "DATA"),
        ],
      },
      {
        variant: "bad-content",
        steps: [IN_DATA, send(`${HEADER}a\nb\r\n.\r\n`, ["550", "554"])],
      },
      {
        variant: "empty-sender",
        house: far("refuses"),
        steps: [
          say("250*3 354", "EHLO client.test", "MAIL FROM:<>", "RCPT TO:<eve@far.test>", "DATA"),
          send(`${HEADER}x\r\n.\r\n`, "250"),
        ],
      },
    ],
  },
  {
    row: "J16",
    claim: "Aliases that loop, or that multiply, end within bounds",
    plays: [
      {
        variant: "loop",
        house: aliases(),
        steps: [
          say("250*3", "EHLO client.test", "MAIL FROM:<ada@client.test>", "RCPT TO:<ring@house.test>"),
          say("354 250", "DATA", `${HEADER}x\r\n.`),
        ],
        arrives: 1,
      },
      {
        variant: "tree",
        house: aliases(),
        steps: [
          say("250*3", "EHLO client.test", "MAIL FROM:<ada@client.test>", "RCPT TO:<root@house.test>"),
          say("354 250", "DATA", `${HEADER}x\r\n.`),
        ],
        arrives: 1,
      },
    ],
  },
];

/** A client whose octets are as they must not be, after a transaction began or without one. */
function lines(variant: string, text: string, codes: string | readonly string[], begun = true): ClientPlay {
  return { variant, steps: [begun ? IN_MAIL : say("250", "EHLO client.test"), send(text, codes)] };
}

function ahead(variant: string, before: readonly string[], text: string): ClientPlay {
  const begun = before.length === 0 ? [] : [say(`250*${before.length}`, ...before)];
  return { variant, steps: [...begun, send(text, ["554 end", "end"])] };
}

/** Who is behind the proxy may send anywhere. */
function relay(): HouseSpec {
  return { toml: '[relay]\nnetworks = ["192.0.2.0/24"]\n' };
}

/** Clients of this machine may send to "far.test". */
function far(kind: NonNullable<HouseSpec["far"]> = "takes"): HouseSpec {
  return { toml: '[relay]\nnetworks = ["127.0.0.0/8"]\n', far: kind };
}

/** A ring with one way out, and a tree that doubles at each of its levels. */
function aliases(): HouseSpec {
  const tree = Array.from(
    { length: 7 },
    (_, at) => `t${at} = ["t${at + 1}", "u${at + 1}"], u${at} = ["u${at + 1}", "t${at + 1}"]`,
  );
  const leaves = Array.from({ length: 3 }, (_, at) => `"l${at}@far.test"`).join(", ");
  return {
    domain: `aliases = { ring = ["ring2"], ring2 = ["ring", "bo"], root = ["t0", "u0"], ${tree.join(", ")}, t7 = [${leaves}], u7 = [${leaves}] }`,
  };
}
