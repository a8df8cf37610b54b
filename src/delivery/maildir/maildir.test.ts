import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
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
    attempt: 1,
    binary: false,
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

test("deliverToMaildir: binary content is kept octet for octet (RFC 3030 §3)", async () => {
  await using home = await folder();
  const content = "Subject: x\r\n\r\none\ntwo\r\n\0\rthree\r";
  await deliverToMaildir(home.path, { ...message([content.slice(0, 11), content.slice(11)]), binary: true });
  assert.equal(
    await readFile(`${home.path}/new/1.a.host`, "utf8"),
    `Return-Path: <ada@pine.example>\r\nDelivered-To: "bo smith"@rook.example\r\n${content}`,
  );
});

test("deliverToMaildir: two tries at once never write the same file, and no link is followed", async () => {
  await using home = await folder();
  const half = Promise.withResolvers<void>();
  const slow: MaildirMessage = {
    ...message([]),
    async *open() {
      yield utf8("whole\r\n");
      await half.promise;
      yield utf8("message\r\n");
    },
  };
  const first = deliverToMaildir(home.path, slow);
  const second = await deliverToMaildir(home.path, { ...message(["whole\r\nmessage\r\n"]), attempt: 2 });
  assert.equal(second.code, 250);
  half.resolve();
  assert.equal((await first).code, 250);
  assert.match(await readFile(`${home.path}/new/1.a.host`, "utf8"), /\nwhole\nmessage\n$/);
  await writeFile(`${home.path}/victim`, "precious");
  await symlink(`${home.path}/victim`, `${home.path}/tmp/1.a.host.3`);
  const linked = await deliverToMaildir(home.path, { ...message(["x\r\n"]), attempt: 3 });
  assert.equal(linked.code, 451);
  assert.equal(await readFile(`${home.path}/victim`, "utf8"), "precious");
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
