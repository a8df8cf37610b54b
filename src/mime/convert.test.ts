import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, concat, utf8 } from "../base/mod.ts";
import { convertTo7Bit, type ConvertOptions } from "./mod.ts";

function latin1(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Opens content cut into pieces of `size` octets, in one buffer that is overwritten each time. */
function pieces(content: Bytes, size: number): () => AsyncIterable<Bytes> {
  return async function* () {
    // What a Buffer gives as a slice of itself is no copy.
    const buffer = Buffer.alloc(size);
    for (let at = 0; at < content.length; at += size) {
      const piece = content.subarray(at, at + size);
      buffer.set(piece);
      yield buffer.subarray(0, piece.length);
      buffer.fill(0xee);
    }
  };
}

async function read(open: () => AsyncIterable<Bytes>): Promise<Bytes> {
  const parts: Bytes[] = [];
  for await (const piece of open()) parts.push(new Uint8Array(piece));
  return concat(parts);
}

/** What becomes of it as latin1, or the refusal. */
async function become(text: string, options: { size?: number } & ConvertOptions = {}): Promise<string> {
  const { size = 64, ...bounds } = options;
  const result = await convertTo7Bit(pieces(latin1(text), size), bounds);
  if (!result.ok) return JSON.stringify(result.error);
  const body = await read(result.value.open);
  assert.equal(body.length, result.value.content.size);
  assert.deepEqual(
    [result.value.content.eightBit, result.value.content.nul, result.value.content.bareCrLf],
    [false, false, false],
  );
  return Buffer.from(body).toString("latin1");
}

const TEXT = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";
const QP = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n";
const MIXED = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n';

const CASES: readonly (readonly [name: string, given: string, expected: string])[] = [
  ["7-bit content stays (RFC 6152 §3)", `${TEXT}\r\nhello\r\n`, `${TEXT}\r\nhello\r\n`],
  [
    "text becomes quoted-printable (RFC 2045 §6.7)",
    `MIME-Version: 1.0\r\n${TEXT}\r\nGr\xc3\xbc\xc3\x9fe = ok \r\nx\r\n`,
    `MIME-Version: 1.0\r\n${QP}\r\nGr=C3=BC=C3=9Fe =3D ok=20\r\nx\r\n`,
  ],
  [
    "a message without MIME fields gets them (RFC 1428)",
    "Subject: x\r\n\r\n\xe9\r\n",
    "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E9\r\n",
  ],
  [
    "a body without an empty line before it gets one (RFC 5322 §2.1)",
    "Received: by x\r\n\xe9t\xe9\r\n",
    "Received: by x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E9t=E9\r\n",
  ],
  [
    "other leaves become base64, and an open last line is ended (RFC 2045 §6.8)",
    "MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\x00\xff\n",
    "MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAP8K\r\n",
  ],
  [
    "text with octets that are no text becomes base64 (RFC 2045 §2.9)",
    `MIME-Version: 1.0\r\n${TEXT}\r\na\nb\xe9`,
    `MIME-Version: 1.0\r\n${QP.replace("quoted-printable", "base64")}\r\nYQpi6Q==\r\n`,
  ],
  [
    "the CRLF before a boundary is the boundary's (RFC 2046 §5.1.1)",
    `${MIXED}Content-Transfer-Encoding: 8bit\r\n\r\n--b\r\n${TEXT}\r\n\xe9\r\n--b\r\n\r\nplain\r\n--b--\r\n`,
    `${MIXED}Content-Transfer-Encoding: 7bit\r\n\r\n--b\r\n${QP}\r\n=E9\r\n--b\r\n\r\nplain\r\n--b--\r\n`,
  ],
  [
    "a message inside is never encoded itself (RFC 2046 §5.2.1)",
    `${MIXED}\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: in\r\n${TEXT}\r\n\xe9\r\n--b--`,
    `${MIXED}\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nSubject: in\r\n${QP}MIME-Version: 1.0\r\n\r\n=E9\r\n--b--`,
  ],
  [
    "a part of a digest is a message (RFC 2046 §5.1.5)",
    `${MIXED.replace("mixed", "digest")}\r\n--b\r\n\r\nSubject: in\r\n\r\n\xe9\r\n--b--\r\n`,
    `${MIXED.replace("mixed", "digest")}\r\n--b\r\n\r\nSubject: in\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E9\r\n--b--\r\n`,
  ],
  [
    "an outer boundary ends an inner multipart that lacks its own (RFC 2046 §5.1.2)",
    `${MIXED}\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n${TEXT}\r\n\xe9\r\n--b\r\n${TEXT}\r\n\xe8\r\n--b--\r\n`,
    `${MIXED}\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n${QP}\r\n=E9\r\n--b\r\n${QP}\r\n=E8\r\n--b--\r\n`,
  ],
  [
    "what stands around parts is made plain, and becomes no boundary (RFC 2046 §5.1.1)",
    `${MIXED}\r\npr\xe9\r\n--b \t\r\n\r\nx\r\n--b--\r\n\x00\r`,
    `${MIXED}\r\npr*\r\n--b \t\r\n\r\nx\r\n--b--\r\n**`,
  ],
  [
    "base64 in one line is broken, and what is no base64 left out (RFC 2045 §6.8)",
    `${MIXED}\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n${"QUJD".repeat(20)}\xff\r\n--b--\r\n`,
    `${MIXED}\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n${"QUJD".repeat(19)}\r\nQUJD\r\n--b--\r\n`,
  ],
  [
    "a line of our own making is no boundary (RFC 2046 §5.1.1)",
    `${MIXED}\r\n--b\r\n${TEXT}\r\n\xe9${"a".repeat(72)}--b\r\n--b--\r\n`,
    `${MIXED}\r\n--b\r\n${QP}\r\n=E9${"a".repeat(72)}=\r\n=2D-b\r\n--b--\r\n`,
  ],
  ["DKIM (RFC 6376 §5.3)", `DKIM-Signature: v=1\r\n${TEXT}\r\n\xe9\r\n`, '{"kind":"signed","by":"dkim-signature"}'],
  ["DKIM on 7-bit content is no matter", "DKIM-Signature: v=1\r\n\r\nx\r\n", "DKIM-Signature: v=1\r\n\r\nx\r\n"],
  ["ARC (RFC 8617 §4.1)", `ARC-Seal: i=1\r\n${TEXT}\r\n\xe9\r\n`, '{"kind":"signed","by":"arc-seal"}'],
  [
    "multipart/signed (RFC 1847 §2.1)",
    "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n\xe9\r\n--s--\r\n",
    '{"kind":"signed","by":"multipart/signed"}',
  ],
  [
    "a signed part that is 7-bit stays while others change (RFC 1847 §2.1)",
    `${MIXED}\r\n--b\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\nContent-Transfer-Encoding: 8bit\r\n\r\nx\r\n--s--\r\n--b\r\n${TEXT}\r\n\xe9\r\n--b--\r\n`,
    `${MIXED}\r\n--b\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\nContent-Transfer-Encoding: 8bit\r\n\r\nx\r\n--s--\r\n--b\r\n${QP}\r\n=E9\r\n--b--\r\n`,
  ],
  [
    "a signature over a message inside (RFC 6376 §5.3)",
    `${MIXED}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nDKIM-Signature: v=1\r\n\r\n\xe9\r\n--b--\r\n`,
    '{"kind":"signed","by":"dkim-signature"}',
  ],
  [
    "an epilogue under a signature (RFC 6376 §3.4)",
    `DKIM-Signature: v=1\r\n${MIXED}\r\n--b\r\n\r\nx\r\n--b--\r\n\xe9`,
    '{"kind":"signed","by":"dkim-signature"}',
  ],
  [
    "a header with UTF-8 (RFC 6532 §3)",
    "Subject: \xc3\xa9\r\n\r\nx\r\n",
    '{"kind":"header","detail":"a header field has octets above 127"}',
  ],
  [
    "a multipart without boundary",
    "Content-Type: multipart/mixed\r\n\r\n\xe9\r\n",
    '{"kind":"malformed","detail":"multipart/mixed has no usable boundary"}',
  ],
  [
    "two types",
    "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n\xe9\r\n",
    '{"kind":"malformed","detail":"the MIME header cannot be read"}',
  ],
  [
    "an encoding that lies",
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n\xe9\r\n",
    '{"kind":"malformed","detail":"a part in quoted-printable is not 7-bit"}',
  ],
  [
    "message/partial (RFC 2046 §5.2.2)",
    "Content-Type: message/partial; id=a; number=1\r\n\r\n\xe9\r\n",
    '{"kind":"malformed","detail":"message/partial may not be encoded"}',
  ],
  ["nothing at all", "", ""],
];

for (const [name, given, expected] of CASES) {
  test(`convertTo7Bit: ${name}`, async () => {
    for (const size of [1, 2, 3, 7, 64, 10_000]) assert.equal(await become(given, { size }), expected, `by ${size}`);
  });
}

test("convertTo7Bit: depth, parts and headers are bounded", async () => {
  const nested = (depth: number): string =>
    depth === 0
      ? "\r\n\xe9\r\n"
      : `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n${nested(depth - 1)}\r\n--b${depth}--\r\n`;
  assert.match(await become(nested(20)), /=E9/);
  assert.match(await become(nested(21)), /"too-complex"/);
  assert.match(await become(`${MIXED}\r\n${"--b\r\n\r\n\xe9\r\n".repeat(4)}--b--`, { maxParts: 5 }), /=E9/);
  assert.match(await become(`${MIXED}\r\n${"--b\r\n\r\n\xe9\r\n".repeat(5)}--b--`, { maxParts: 5 }), /"too-complex"/);
  assert.match(await become(`A: ${"b".repeat(500)}\r\n\r\n\xe9`, { maxHeader: 100 }), /"too-complex"/);
  assert.match(await become(`A: ${"b".repeat(999)}\r\n\r\n\xe9`), /"header"/);
});

test("convertTo7Bit: whatever comes, the result is 7-bit, the same however it is cut, and not much larger", async () => {
  const bits = [
    "\r\n",
    "\r",
    "\n",
    "--b",
    "--c",
    "--",
    "é",
    "\x00",
    " ",
    "=",
    "x".repeat(80),
    "Content-Type: multipart/mixed; boundary=c\r\n",
    "Content-Transfer-Encoding: 8bit\r\n",
    "Content-Type: message/rfc822\r\n",
    "\r\n\r\n",
    "-",
    "QUJD",
    "text: ",
  ];
  const body = fc.array(fc.constantFrom(...bits), { maxLength: 40 }).map((list) => `${MIXED}\r\n${list.join("")}`);
  await fc.assert(
    fc.asyncProperty(body, fc.integer({ min: 1, max: 50 }), async (text, size) => {
      const whole = await become(text, { size: 100_000 });
      assert.equal(await become(text, { size }), whole);
      assert.ok(whole.length <= text.length * 4 + 1000);
      if (!whole.startsWith("{")) {
        assert.match(whole, /^[\x01-\x7f]*$/);
        assert.ok(whole.split("\r\n").every((line) => line.length <= 998 && !/[\r\n]/.test(line)));
      }
    }),
    { numRuns: 500 },
  );
});

test("convertTo7Bit: memory does not grow with the message", async () => {
  const block = utf8("é".repeat(30_000));
  let opened = 0;
  const open = async function* (): AsyncIterable<Bytes> {
    opened++;
    yield utf8(`${MIXED}\r\n--b\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: binary\r\n\r\n`);
    for (let at = 0; at < 200; at++) yield block;
    yield utf8("\r\n--b--\r\n");
  };
  const result = await convertTo7Bit(open);
  assert.ok(result.ok);
  let largest = 0;
  let size = 0;
  for await (const piece of result.value.open()) {
    largest = Math.max(largest, piece.length);
    size += piece.length;
  }
  assert.deepEqual([opened, size], [3, result.value.content.size]);
  assert.ok(largest < 2 * block.length, `${largest}`);
});
