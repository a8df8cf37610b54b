import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, concat, fromUtf8, utf8 } from "../../base/mod.ts";
import { domain, NULL_REVERSE_PATH } from "../../mail/mod.ts";
import { deliverToMaildir, type MaildirMessage, withUnixLines } from "./deliver.ts";
import { fileName, maildirPath } from "./path.ts";

async function folder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "hopseal-maildir-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

function message(parts: readonly string[], name = "1.a.host"): MaildirMessage {
  return {
    reversePath: { kind: "mailbox", mailbox: { localPart: "ada", domain: domain("pine.example") } },
    recipient: { localPart: "bo smith", domain: domain("rook.example") },
    name,
    async *open() {
      for (const part of parts) yield await Promise.resolve(utf8(part));
    },
  };
}

test("deliverToMaildir: whole, on top the fields of final delivery, nothing left in tmp (RFC 5321 §4.4)", async () => {
  await using home = await folder();
  const status = await deliverToMaildir(
    `${home.path}/bo`,
    message(["Subject: x\r", "\n\r\nbo", "dy\r\n", "lone \r cr\r"]),
  );
  assert.equal(status.code, 250);
  assert.deepEqual(await readdir(`${home.path}/bo/tmp`), []);
  assert.deepEqual(await readdir(`${home.path}/bo/new`), ["1.a.host"]);
  assert.equal(
    await readFile(`${home.path}/bo/new/1.a.host`, "utf8"),
    'Return-Path: <ada@pine.example>\nDelivered-To: "bo smith"@rook.example\nSubject: x\n\nbody\nlone \r cr\r',
  );
});

test("deliverToMaildir: a notice has an empty Return-Path, and a second try replaces the first", async () => {
  await using home = await folder();
  const once = { ...message(["a\r\n"]), reversePath: NULL_REVERSE_PATH };
  await deliverToMaildir(home.path, once);
  await deliverToMaildir(home.path, once);
  assert.deepEqual(await readdir(`${home.path}/new`), ["1.a.host"]);
  assert.match(await readFile(`${home.path}/new/1.a.host`, "utf8"), /^Return-Path: <>\n/);
});

test("deliverToMaildir: a failure is temporary and leaves nothing behind", async () => {
  await using home = await folder();
  await writeFile(`${home.path}/file`, "");
  const blocked = await deliverToMaildir(`${home.path}/file`, message(["x"]));
  assert.deepEqual([blocked.code, blocked.cause], [451, "local-error"]);
  const broken: MaildirMessage = {
    ...message([]),
    async *open() {
      yield await Promise.resolve(utf8("half"));
      throw Object.assign(new Error("gone"), { code: "ENOSPC" });
    },
  };
  const full = await deliverToMaildir(`${home.path}/bo`, broken);
  assert.deepEqual([full.code, full.enhanced], [452, "4.2.2"]);
  assert.deepEqual([await readdir(`${home.path}/bo/tmp`), await readdir(`${home.path}/bo/new`)], [[], []]);
});

test("withUnixLines: the same result however the content is split", () => {
  const expected = (text: string): string => text.replaceAll("\r\n", "\n");
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[\r\na]{0,4}$/), { maxLength: 8 }), (parts) => {
      let held: Bytes = new Uint8Array(0);
      const out: Bytes[] = [];
      for (const part of parts) {
        const { text, rest } = withUnixLines(held, utf8(part));
        out.push(text);
        held = rest;
      }
      assert.equal(fromUtf8(concat([...out, held])), expected(parts.join("")));
    }),
  );
});

test("fileName: one component, never hidden, never two for one", () => {
  assert.deepEqual(
    ["ada", "Ada.Lovelace+x", "../../etc/passwd", ".", "..", "a/b", "a\0b", "%2e", "", "ü", "a b"].map(fileName),
    [
      "ada",
      "Ada.Lovelace+x",
      "%2E.%2F..%2Fetc%2Fpasswd",
      "%2E",
      "%2E.",
      "a%2Fb",
      "a%00b",
      "%252e",
      "%",
      "%C3%BC",
      "a%20b",
    ],
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (left, right) => {
      assert.match(fileName(left), /^[A-Za-z0-9+\-_@=%][A-Za-z0-9+\-_@=%.]*$/);
      const same = utf8(left).join() === utf8(right).join();
      assert.equal(fileName(left) === fileName(right), same);
    }),
  );
});

test("maildirPath: both parts of the address are encoded, and nothing in them is a template", () => {
  const mailbox = { localPart: "a/{domain}$&", domain: domain("rook.example") };
  assert.equal(maildirPath("/var/mail/{domain}/{localpart}", mailbox), "/var/mail/rook.example/a%2F%7Bdomain%7D%24%26");
});
