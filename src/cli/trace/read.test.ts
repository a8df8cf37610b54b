import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fromUtf8, utf8 } from "../../base/mod.ts";
import { mboxHeaders } from "./mbox.ts";
import { readMessages } from "./read.ts";

const MBOX =
  "From ann Tue Mar  3 09:14:07 2026\nReceived: one\n\nbody\n>From quoted\nFrom inside a paragraph\n\n" +
  "From bo Tue Mar  3 09:15:07 2026\r\nReceived: two\r\n folded\r\n\r\nbody\r\n\r\nFrom: not a separator\n\n" +
  "From x\nReceived: three";
const HEADERS = [
  "From ann Tue Mar  3 09:14:07 2026\nReceived: one\n\n",
  "From bo Tue Mar  3 09:15:07 2026\r\nReceived: two\r\n folded\r\n\r\n",
  "From x\nReceived: three",
];

async function* chunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const octets = utf8(text);
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}

test("mboxHeaders gives the same headers however the mailbox is split", async () => {
  for (let size = 1; size <= MBOX.length; size++) {
    const found: string[] = [];
    for await (const header of mboxHeaders(chunks(MBOX, size), 1000)) found.push(fromUtf8(header));
    assert.deepEqual(found, HEADERS, `chunks of ${size}`);
  }
});

test("mboxHeaders keeps no more of a header than it may", async () => {
  const long = `From x\nA: ${"a".repeat(5000)}\n\nFrom y\nB: 1\n`;
  const found: number[] = [];
  for await (const header of mboxHeaders(chunks(long, 100), 1000)) found.push(header.length);
  assert.ok((found[0] ?? 0) <= 1100);
  assert.equal(found.length, 2);
});

test("readMessages reads a message, an mbox, a Maildir and a folder tree, and names what it cannot read", async () => {
  const root = await mkdtemp(join(tmpdir(), "hopseal-trace-"));
  try {
    for (const folder of ["md/cur", "md/new", "md/tmp", "tree/deep"])
      await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, "one.eml"), "Received: a\n\nbody");
    await writeFile(join(root, "box.mbox"), MBOX);
    await writeFile(join(root, "md/cur/1:2,S"), "Received: b\n\n");
    await writeFile(join(root, "md/new/2"), "Received: c\n\n");
    await writeFile(join(root, "md/tmp/3"), "Received: d\n\n");
    await writeFile(join(root, "tree/a.eml"), "Received: e\n\n");
    await writeFile(join(root, "tree/deep/b.mbox"), "From x\nReceived: f\n\n");
    await writeFile(join(root, "tree/notes.txt"), "no message");
    await writeFile(join(root, "empty.eml"), "");
    await writeFile(join(root, "picture.eml"), new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0]));
    await writeFile(join(root, "notes.txt"), "no message\n");
    const names = async (source: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const message of readMessages(join(root, source), fail))
        found.push(message.name.slice(root.length + 1));
      return found;
    };
    assert.deepEqual(await names("one.eml"), ["one.eml"]);
    assert.deepEqual(await names("box.mbox"), ["box.mbox#1", "box.mbox#2", "box.mbox#3"]);
    assert.deepEqual(await names("md"), ["md/cur/1:2,S", "md/new/2"]);
    assert.deepEqual(await names("tree"), ["tree/a.eml", "tree/deep/b.mbox#1"]);
    assert.deepEqual(await names("empty.eml"), []);
    assert.deepEqual(await names("picture.eml"), []);
    assert.deepEqual(await names("notes.txt"), []);
    await assert.rejects(names("nowhere"), /ENOENT/);
  } finally {
    await rm(root, { recursive: true });
  }
});

function fail(what: string, error: unknown): never {
  throw new Error(`${what}: ${(error as NodeJS.ErrnoException).code}`);
}
