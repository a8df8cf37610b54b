import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import PostalMime from "postal-mime";
import { needs } from "../../test/support/programs.ts";
import { vectors } from "../../test/support/vectors.ts";
import { type Bytes, concat } from "../base/mod.ts";
import { convertTo7Bit } from "./mod.ts";

interface Pair {
  readonly name: string;
  readonly before: Bytes;
  readonly after: Bytes;
}

interface Outcome {
  readonly kind: "converted" | "unchanged" | "signed" | "header" | "malformed" | "too-complex";
  readonly pair?: Pair;
}

async function outcome(name: string, before: Bytes): Promise<Outcome> {
  const open = async function* (): AsyncIterable<Bytes> {
    for (let at = 0; at < before.length; at += 1000) yield before.subarray(at, at + 1000);
  };
  const result = await convertTo7Bit(open);
  if (!result.ok) return { kind: result.error.kind };
  if (result.value.open === open) return { kind: "unchanged" };
  const parts: Bytes[] = [];
  for await (const piece of result.value.open()) parts.push(new Uint8Array(piece));
  const after = concat(parts);
  const text = Buffer.from(after).toString("latin1");
  assert.match(text, /^[\x01-\x7f]*$/, name);
  assert.ok(
    text.split("\r\n").every((line) => line.length <= 998 && !/[\r\n]/.test(line)),
    name,
  );
  // Base64 of the worst kind is 4/3 and line ends; quoted-printable three times and soft breaks.
  assert.ok(after.length <= before.length * 3.2 + 2000, name);
  return { kind: "converted", pair: { name, before, after } };
}

/** Names of pairs whose leaves differ, by the parser of Python's standard library. */
function unequal(pairs: readonly Pair[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-mime-"));
  try {
    for (const [at, { before, after }] of pairs.entries()) {
      writeFileSync(join(folder, `${at}.before`), before);
      writeFileSync(join(folder, `${at}.after`), after);
    }
    const said = execFileSync("python3", ["-c", COMPARE, folder, String(pairs.length)], { encoding: "utf8" });
    return (JSON.parse(said) as number[]).map((at) => pairs[at]?.name ?? "?");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const COMPARE = `
import email, json, sys
def leaves(path):
    message = email.message_from_bytes(open(path, "rb").read())
    return [(part.get_content_type(), part.get_filename(), part.get_payload(decode=True))
            for part in message.walk() if not part.is_multipart()]
folder, count = sys.argv[1], int(sys.argv[2])
print(json.dumps([at for at in range(count) if leaves(f"{folder}/{at}.before") != leaves(f"{folder}/{at}.after")]))
`;

/** Lines as SMTP carries them; undefined where that would change more than line ends. */
function asMail(octets: Bytes): Bytes | undefined {
  const text = Buffer.from(octets).toString("latin1");
  if (/\r(?!\n)/.test(text)) return undefined;
  return Buffer.from(text.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n"), "latin1");
}

const mail = vectors("mail");

test("convertTo7Bit: every message of vectors/mail is converted, left alone or refused, and means the same to two parsers", {
  skip: mail.skip || needs("python3"),
}, async () => {
  const names = readdirSync(mail.path, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".eml"));
  assert.ok(names.length > 100);
  const pairs: Pair[] = [];
  const counts = new Map<string, number>();
  for (const name of names) {
    const octets = asMail(readFileSync(join(mail.path, name)));
    if (octets === undefined) continue;
    const found = await outcome(name, octets);
    counts.set(found.kind, (counts.get(found.kind) ?? 0) + 1);
    if (found.pair !== undefined) pairs.push(found.pair);
  }
  // Most old messages with 8-bit text have it in their header too.
  assert.deepEqual(Object.fromEntries(counts), { unchanged: 82, header: 17, converted: 4, malformed: 2, signed: 1 });
  // Its first field has a blank before the colon, which Python takes for the beginning of the body.
  assert.deepEqual(unequal(pairs), ["resources/eml/malformed/019.eml"]);
  for (const { name, before, after } of pairs) {
    const [left, right] = await Promise.all([PostalMime.parse(before), PostalMime.parse(after)]);
    const contents = (one: typeof left): unknown =>
      one.attachments.map(({ filename, content }) => [
        filename,
        Buffer.from(content as ArrayBuffer).toString("base64"),
      ]);
    assert.deepEqual(contents(right), contents(left), name);
  }
});

const octet = fc.constantFrom("é", "\xff", "a", "=", " ", "\t", "\r\n", ".", "-", "From ", "x".repeat(70), "--");
const text = fc.array(octet, { maxLength: 30 }).map((list) => list.join(""));
const binary = fc
  .array(fc.oneof(octet, fc.constantFrom("\0", "\r", "\n")), { maxLength: 30 })
  .map((list) => list.join(""));

const { entity } = fc.letrec<{ entity: string; leaf: string; multipart: string; message: string }>((tie) => ({
  entity: fc.oneof({ maxDepth: 4, depthSize: "small" }, tie("leaf"), tie("multipart"), tie("message")),
  leaf: fc.oneof(
    text.map((body) => `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${body}`),
    text.map((body) => `\r\n${body}`),
    binary.map((body) => `Content-Type: image/x; name=a\r\nContent-Transfer-Encoding: binary\r\n\r\n${body}`),
    binary.map((body) => {
      const encoded = Buffer.from(body, "latin1").toString("base64");
      return `Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n${encoded}\r\n`;
    }),
  ),
  multipart: fc
    .tuple(fc.array(tie("entity"), { minLength: 1, maxLength: 3 }), fc.integer({ min: 0, max: 1e9 }), text)
    .map(([parts, mark, around]) => {
      const boundary = `b.${mark}`;
      const inside = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join("");
      return `Content-Type: multipart/mixed; boundary="${boundary}"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${around}\r\n${inside}--${boundary}--\r\n`;
    }),
  message: tie("entity").map((inside) => `Content-Type: message/rfc822\r\n\r\nMIME-Version: 1.0\r\n${inside}`),
}));

test("convertTo7Bit: the leaves of any message decode to the same octets", { skip: needs("python3") }, async () => {
  const messages = fc.sample(entity, { numRuns: 400, seed: 2045 });
  const pairs: Pair[] = [];
  for (const [at, message] of messages.entries()) {
    const found = await outcome(`message ${at}`, Buffer.from(`MIME-Version: 1.0\r\n${message}`, "latin1"));
    assert.ok(found.kind === "converted" || found.kind === "unchanged", `${at}: ${found.kind}`);
    if (found.pair !== undefined) pairs.push(found.pair);
  }
  assert.ok(pairs.length > 200, `${pairs.length}`);
  assert.deepEqual(unequal(pairs), []);
});
