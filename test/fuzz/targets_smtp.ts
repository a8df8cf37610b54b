import { contentFacts } from "../../src/smtp/grammar/content_facts.ts";
import {
  dataDecoder,
  decodeXtext,
  framing,
  lineDecoder,
  parseCommand,
  parseEhloReply,
  parseOrcpt,
  parseSizeKeyword,
  proxyDecoder,
  type Reading,
  replyDecoder,
} from "../../src/smtp/grammar/mod.ts";
import { cutter } from "../../src/smtp/grammar/_cutter.ts";
import type { Target } from "./fuzz.ts";
import { corpusOf, text, wordsOf } from "./seeds.ts";

const PROXY_SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";

/** What both sides of an SMTP connection read. */
export const SMTP_TARGETS: readonly Target[] = [
  {
    name: "command line",
    files: [
      "grammar/parse_command.ts",
      "grammar/parse_envelope.ts",
      "grammar/parameters.ts",
      "grammar/path.ts",
      "grammar/xtext.ts",
      "grammar/orcpt.ts",
      "mail/mailbox.ts",
      "mail/domain.ts",
      "mail/literal.ts",
    ],
    seeds: [
      "EHLO relay.example",
      "HELO [192.0.2.1]",
      "EHLO [IPv6:2001:db8::1]",
      "STARTTLS",
      "AUTH PLAIN AGEAYg==",
      "BDAT 100 LAST",
      "MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME SMTPUTF8 REQUIRETLS RET=HDRS ENVID=QQ+2B1 AUTH=<>",
      'RCPT TO:<"a b"@b.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@c.example',
      "RCPT TO:<@x.example,@y.example:a@[IPv6:::1]>",
      "MAIL FROM:<>",
      "VRFY a",
      "NOOP x",
      "RCPT TO:<ü@münchen.example>",
    ],
    words: [
      ...wordsOf("smtp/smtp.dict"),
      "SIZE=",
      "BODY=BINARYMIME",
      "SMTPUTF8",
      "REQUIRETLS",
      "NOTIFY=NEVER",
      "ORCPT=utf-8;",
      "\\x{1F600}",
      "+00",
      "xn--",
      "[IPv6:",
      "9007199254740993",
    ],
    read: (octets) => {
      const line = text(octets);
      return [parseCommand(line), parseCommand(line, { utf8: true }), decodeXtext(line), parseOrcpt(line)];
    },
  },
  {
    name: "commands and content of a client",
    files: [
      "grammar/framing.ts",
      "grammar/line_decoder.ts",
      "grammar/data_decoder.ts",
      "grammar/_cutter.ts",
      "grammar/content_facts.ts",
    ],
    seeds: [
      ...corpusOf("smtp", ".test"),
      ...corpusOf("smtp", ".raw"),
      "DATA\r\na\r\n..b\r\n.\r\nQUIT\r\n",
      "BDAT 5 LAST\r\nabcdeNOOP\r\n",
    ],
    words: [...wordsOf("smtp/smtp.dict"), "\r\n.\r\n", "\n.\n", "\r\n", "\r", "DATA\r\n", "BDAT 3\r\n"],
    // A frame for each octet, at worst, and a command parsed of each.
    within: 200,
    read: (octets) => readClient([octets]),
    readInChunks: readClient,
  },
  {
    name: "data",
    // 9,000 dots, each of which cuts the content.
    within: 40,
    files: ["grammar/data_decoder.ts", "grammar/content_facts.ts"],
    seeds: ["a\r\n.\r\n", "..a\r\n.b\r\n\r\n.\r\nX", ".\r\n", "a\n.\nb\r.\rc\r\n.\n\r\n.\r\n"],
    words: ["\r\n.\r\n", "\n.\n", "\r.\r", "..", "\r\n"],
    read: (octets) => readData([octets]),
    readInChunks: readData,
  },
  {
    name: "command lines of a client",
    // 64 Ki lines.
    within: 60,
    files: ["grammar/line_decoder.ts", "grammar/_cutter.ts"],
    seeds: ["EHLO a\r\nMAIL\n\rRCPT\r\n", `NOOP ${"x".repeat(600)}\r\nQUIT\r\n`],
    words: ["\r\n", "\r", "\n", "x".repeat(512)],
    read: (octets) => readLines([octets]),
    readInChunks: readLines,
  },
  {
    name: "replies of a server",
    // 13,000 replies.
    within: 40,
    files: ["grammar/reply_decoder.ts", "grammar/ehlo.ts", "grammar/reply.ts"],
    seeds: [
      "220 mx.example ESMTP\r\n",
      "250-mx.example\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250 REQUIRETLS\r\n",
      "550 5.1.1 no such user\r\n",
      "250-a\r\n251 b\r\n",
      "250\r\n",
      "354 go\n",
    ],
    words: ["250-", "250 ", "\r\n", "5.7.1 ", "SIZE 99999999999999999999"],
    read: (octets) => readReplies([octets]),
    readInChunks: readReplies,
  },
  {
    name: "header of a proxy",
    files: [
      "grammar/proxy.ts",
      "grammar/proxy_line.ts",
      "grammar/proxy_block.ts",
      "grammar/proxy_checksum.ts",
      "mail/ip.ts",
    ],
    seeds: [
      "PROXY TCP4 192.0.2.1 192.0.2.2 4242 25\r\nEHLO a\r\n",
      "PROXY TCP6 2001:db8::1 2001:db8::2 4242 25\r\n",
      "PROXY UNKNOWN\r\n",
      `${PROXY_SIGNATURE}\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\x10\x92\x00\x19EHLO a\r\n`,
      `${PROXY_SIGNATURE}\x20\x00\x00\x00`,
      `${PROXY_SIGNATURE}\x21\x11\x00\x13\xc0\x00\x02\x01\xc0\x00\x02\x02\x10\x92\x00\x19\x03\x00\x04\x01\x02\x03\x04`,
      `${PROXY_SIGNATURE}\x21\x21\x00\x24${"\x20\x01".repeat(16)}\x10\x92\x00\x19`,
    ],
    words: [PROXY_SIGNATURE, "PROXY ", "TCP4 ", "TCP6 ", "UNKNOWN", "::", "65536", "\r\n", "\x03\x00\x04", "\x21\x31"],
    read: (octets) => readProxy([octets]),
    readInChunks: readProxy,
  },
];

/** The header, or what is wrong with it, and what is left to the client. */
function readProxy(chunks: readonly Buffer[]): unknown {
  const decoder = proxyDecoder();
  for (const [at, chunk] of chunks.entries()) {
    const step = decoder.push(chunk);
    if (step.kind === "need-more") continue;
    if (step.kind !== "header") return step;
    return [step.header, Buffer.concat([step.rest, ...chunks.slice(at + 1)]).toString("latin1")];
  }
  return decoder.buffered;
}

/** Commands until DATA or BDAT say otherwise, as a session would read them. */
function readClient(chunks: readonly Buffer[]): unknown {
  const input = framing();
  const lines: unknown[] = [];
  let content: Buffer[] = [];
  let reading: Reading = { kind: "command" };
  for (const chunk of chunks) {
    input.push(chunk);
    for (;;) {
      const frame = input.next(reading);
      if (frame.kind === "need-more") break;
      if (frame.kind === "content") {
        content.push(Buffer.from(frame.octets));
        continue;
      }
      if (frame.kind === "content-end") {
        lines.push([Buffer.concat(content).toString("latin1"), frame.facts]);
        content = [];
        input.forget();
        reading = { kind: "command" };
        continue;
      }
      lines.push(frame);
      reading = frame.kind === "line" ? after(frame.text) : { kind: "command" };
    }
  }
  return [lines, Buffer.concat(content).toString("latin1")];
}

function after(line: string): Reading {
  if (/^data/i.test(line)) return { kind: "data" };
  const command = parseCommand(line);
  return command.ok && command.value.verb === "BDAT"
    ? { kind: "chunk", size: command.value.size }
    : { kind: "command" };
}

function readData(chunks: readonly Buffer[]): unknown {
  const decoder = dataDecoder();
  const content: Buffer[] = [];
  let before = 0;
  for (const chunk of chunks) {
    const step = decoder.decode(chunk);
    content.push(...step.content.map((part) => Buffer.from(part)));
    if (step.end !== undefined)
      return [Buffer.concat(content).toString("latin1"), before + step.end, contentFacts(content)];
    before += chunk.length;
  }
  return [Buffer.concat(content).toString("latin1"), contentFacts(content)];
}

function readLines(chunks: readonly Buffer[]): unknown {
  const input = cutter();
  const decoder = lineDecoder(input);
  const steps: unknown[] = [];
  for (const chunk of chunks) {
    input.push(chunk);
    for (let step = decoder.next(512); step.kind !== "need-more"; step = decoder.next(512)) steps.push(step);
  }
  return steps;
}

function readReplies(chunks: readonly Buffer[]): unknown {
  const decoder = replyDecoder();
  const steps: unknown[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let step = decoder.next(); step.kind !== "need-more"; step = decoder.next()) {
      steps.push(step);
      if (step.kind === "fault") return steps;
      const { keywords } = parseEhloReply(step.reply);
      steps.push(parseSizeKeyword(keywords.get("SIZE") ?? []));
    }
  }
  return steps;
}
