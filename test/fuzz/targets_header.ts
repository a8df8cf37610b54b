import { headerScanner, parseAddressList } from "../../src/mail/mod.ts";
import { convertTo7Bit } from "../../src/mime/mod.ts";
import { parseDeliveryReport } from "../../src/dsn/mod.ts";
import { interpretTrace, parseReceived, scanFields } from "../../src/trace/mod.ts";
import type { Target } from "./fuzz.ts";
import { corpusOf, text } from "./seeds.ts";

/** What is read of messages. */
export const HEADER_TARGETS: readonly Target[] = [
  {
    name: "address list",
    // 20,000 addresses or comments.
    within: 60,
    files: ["mail/address_list.ts", "mail/mailbox.ts"],
    seeds: [
      'John <a@b.example>, "x, y" <c@d.example>',
      "Group: a@b.example, c@d.example;, e@f.example",
      "(c) a (d) @ b.example",
      '"a@evil"@t.example',
      "<a@t.example>b@evil.example",
      "@a.example:b@c.example, <>",
    ],
    words: ["(", ")", "<", ">", '"', "\\", ",", ";", ":", "@", "=?utf-8?q?a?=", "[::1]"],
    read: (octets) => parseAddressList(text(octets)),
  },
  {
    name: "Received",
    within: 30,
    files: [
      "parse/received.ts",
      "parse/lex.ts",
      "parse/from.ts",
      "parse/clauses.ts",
      "parse/tls.ts",
      "parse/date.ts",
      "parse/seen.ts",
      "parse/auth.ts",
      "parse/by.ts",
      "parse/zone.ts",
      "parse/asides.ts",
      "parse/software.ts",
    ],
    seeds: [
      "from a.example (a.example [192.0.2.1]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)) by b.example (Postfix) with ESMTPS id 1 for <c@d.example>; Tue, 1 Jan 2030 00:00:00 +0000 (UTC)",
      "from [192.0.2.1] (helo=x) by y.example with esmtpsa (TLS1.2:ECDHE-RSA-AES128-GCM-SHA256:128) (Exim 4.96) (envelope-from <a@b.example>) id 1a-b; Mon, 2 Feb 2026 10:00:00 -0800",
      "by 2002:a05:6000:1 with SMTP id a; Fri, 30 Feb 99 25:61:61 XYZ",
      "(qmail 12 invoked by uid 0); 1 Jan 2020 00:00:00 -0000",
    ],
    words: [
      "from ",
      "by ",
      "with ",
      "id ",
      "for ",
      "via ",
      "tls ",
      "(",
      ")",
      "[",
      "]",
      ";",
      "TLSv1.3",
      "cipher=",
      "bits",
      "IPv6:",
    ],
    read: (octets) => parseReceived(text(octets)),
  },
  {
    name: "trace of a message",
    files: [
      "trace/fields.ts",
      "interpret/interpret.ts",
      "interpret/time.ts",
      "interpret/trust.ts",
      "interpret/weakest.ts",
      "interpret/path-findings.ts",
    ],
    seeds: [
      ...corpusOf("received", ".eml"),
      "Received: from a by b; Tue, 1 Jan 2030 00:00:00 +0000\r\nReceived: from c by a; Tue, 1 Jan 2030 00:00:00 +0000\r\n\r\n",
    ],
    words: ["Received: ", "\r\n ", "\r\n\r\n", "from ", "by ", "; "],
    within: 100,
    read: (octets) => [scanFields(octets), interpretTrace(octets, { ours: ["b"] })],
  },
  {
    name: "header while it comes in",
    files: ["mail/header.ts"],
    seeds: [
      "From x\r\nSubject: a\r\n b\r\nReceived: c\r\nTLS-Required: No\r\n\r\nbody",
      "a:b\nc:d\n\n",
      "__proto__: x\r\nconstructor: y\r\n\r\n",
    ],
    words: ["\r\n", "\n", "\r\n ", "subject:", "Received:", "__proto__:", "From "],
    read: (octets) => readHeader([octets]),
    readInChunks: readHeader,
  },
  {
    name: "conversion to 7 bit",
    files: [
      "mime/convert.ts",
      "mime/walk.ts",
      "mime/part.ts",
      "mime/header.ts",
      "mime/delimiter.ts",
      "mime/content_type.ts",
      "mime/plan.ts",
      "mime/rewrite.ts",
      "mime/encoders.ts",
      "mime/filler.ts",
      "mime/measure.ts",
    ],
    seeds: [
      "Subject: a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nü\xff\r\n",
      'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\npre\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xfc\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n\xe4\r\n--b--\r\nepi',
      "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n\x00\x01\r\n\n\r",
    ],
    words: [
      "--b\r\n",
      "--b--",
      "Content-Type: ",
      "multipart/mixed; boundary=",
      "message/rfc822",
      "Content-Transfer-Encoding: binary",
      "\r\n\r\n",
      "\xff",
      "base64",
    ],
    within: 100,
    read: (octets) => convert([octets]),
    readInChunks: convert,
  },
  {
    name: "delivery status notification",
    files: ["dsn/parse.ts", "parse/groups.ts", "dsn/parse/lines.ts", "dsn/parse/mime.ts", "dsn/parse/date.ts"],
    seeds: corpusOf("dsn", ".eml"),
    words: [
      "Final-Recipient: rfc822;",
      "Action: failed",
      "Status: 5.1.1",
      "\r\n\r\n",
      "--",
      "Content-Type: message/delivery-status",
      "Diagnostic-Code: smtp;",
    ],
    read: (octets) => parseDeliveryReport(octets),
  },
];

function readHeader(chunks: readonly Buffer[]): unknown {
  const scanner = headerScanner({ collect: ["subject", "tls-required", "__proto__"], maxFields: 20, maxOctets: 3000 });
  for (const chunk of chunks) scanner.push(chunk);
  scanner.end();
  return scanner.result();
}

async function convert(chunks: readonly Buffer[]): Promise<unknown> {
  const converted = await convertTo7Bit(async function* () {
    for (const chunk of chunks) yield Buffer.from(chunk);
  });
  if (!converted.ok) return converted;
  const parts: Buffer[] = [];
  for await (const part of converted.value.open()) parts.push(Buffer.from(part));
  const whole = Buffer.concat(parts);
  if (whole.some((octet) => octet > 127)) throw new Error("The result is not 7 bit");
  if (whole.length !== converted.value.content.size) throw new Error("The result has another size than it says");
  return [whole.toString("latin1"), converted.value.content];
}
