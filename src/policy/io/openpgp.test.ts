import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { openGpg } from "../../../test/support/gpg.ts";
import { needs } from "../../../test/support/programs.ts";
import { vectors } from "../../../test/support/vectors.ts";
import { type Bytes, fromUtf8, utf8 } from "../../base/mod.ts";
import { dearmor } from "../sources/list-armor.ts";
import { type PinnedKey, verifyDetached } from "./openpgp.ts";

const published = vectors("starttls-everywhere");
const withGpg = { skip: needs("gpg") };
const NOW = Date.UTC(2026, 2, 3);

test("verifyDetached: the last published list, by a signing subkey of the pinned key", {
  skip: published.skip,
}, async () => {
  const { content, signature, key } = publishedList();
  const signer = {
    fingerprint: "2c319de47066c200dfdc4d6b842aea40c5bcd6e1",
    signedAt: Date.UTC(2020, 4, 20, 17, 25, 12),
  };
  const at = { now: Date.UTC(2020, 4, 21) };
  assert.deepEqual(await verifyDetached({ content, signature, key }, at), { ok: true, value: signer });
  assert.deepEqual(await verifyDetached({ content, signature: plain(signature), key }, at), {
    ok: true,
    value: signer,
  });
  assert.deepEqual(await verifyDetached({ content, signature, key }), { ok: true, value: signer });
});

test("verifyDetached: every octet of the armored signature altered, four ways each", {
  skip: published.skip,
}, async () => {
  const { content, signature, key } = publishedList();
  let tried = 0;
  for (const [at, octet] of signature.entries()) {
    for (const other of new Set([octet ^ 1, octet ^ 0x20, 0x0a, 0x0d])) {
      if (other === octet) continue;
      tried += 1;
      const altered = signature.with(at, other);
      const verified = await verifyDetached({ content, signature: altered, key }, { now: NOW });
      assert.ok(!verified.ok, `octet ${at} made ${other} was taken`);
    }
  }
  assert.ok(tried > 2000);
});

test("verifyDetached: every octet of the signature packet altered, every bit", { skip: published.skip }, async () => {
  const { content, key, ...more } = publishedList();
  const signature = plain(more.signature);
  for (const [at, octet] of signature.entries()) {
    for (let bit = 1; bit < 256; bit *= 2) {
      const altered = signature.with(at, octet ^ bit);
      const verified = await verifyDetached({ content, signature: altered, key }, { now: NOW });
      assert.ok(!verified.ok, `octet ${at} bit ${bit} was taken`);
    }
  }
});

test("verifyDetached: the list altered by one octet, cut or lengthened", { skip: published.skip }, async () => {
  const { content, signature, key } = publishedList();
  const refused = async (other: Bytes): Promise<void> => {
    assert.ok(!(await verifyDetached({ content: other, signature, key }, { now: NOW })).ok);
  };
  await fc.assert(
    fc.asyncProperty(fc.nat(content.length - 1), fc.integer({ min: 1, max: 255 }), async (at, difference) => {
      await refused(content.with(at, (content[at] ?? 0) ^ difference));
    }),
    { numRuns: 300 },
  );
  for (const other of [content.subarray(0, -1), utf8(`${fromUtf8(content)}\n`), new Uint8Array(0)])
    await refused(other);
  // A signature over text would let these pass.
  await refused(utf8(fromUtf8(content).replaceAll("\n", "\r\n")));
});

test("verifyDetached: the key altered by one octet is not the pinned one, or proves nothing", {
  skip: published.skip,
}, async () => {
  const { content, signature, key } = publishedList();
  let taken = 0;
  for (let at = 0; at < key.octets.length; at += 1) {
    const altered = { ...key, octets: key.octets.with(at, (key.octets[at] ?? 0) ^ 1) };
    const verified = await verifyDetached({ content, signature, key: altered }, { now: NOW });
    // What is not signed in a key, such as the check octets of another certification, may change.
    if (verified.ok) taken += 1;
    if (verified.ok) assert.equal(verified.value.fingerprint, "2c319de47066c200dfdc4d6b842aea40c5bcd6e1");
  }
  assert.ok(taken < key.octets.length / 20, `${taken} of ${key.octets.length}`);
});

test("verifyDetached: what is no signature or key says so", { skip: published.skip }, async () => {
  const { content, signature, key } = publishedList();
  const text = fromUtf8(signature);
  const body = text.split("\n").slice(2, -3).join("\n");
  const armored = (inner: string): Bytes =>
    utf8(`-----BEGIN PGP SIGNATURE-----\n${inner}\n-----END PGP SIGNATURE-----\n`);
  const table: readonly (readonly [string, Bytes, PinnedKey, RegExp | undefined])[] = [
    ["as it is", signature, key, undefined],
    ["CRLF", utf8(text.replaceAll("\n", "\r\n")), key, undefined],
    ["header lines", armored(`Version: GnuPG v2\nComment: x\n\n${body}`), key, undefined],
    ["no checksum", armored(`\n${body}`), key, undefined],
    ["empty", new Uint8Array(0), key, /it is empty/],
    ["no armor", utf8("not a signature"), key, /it is no armored signature/],
    ["no blank line", armored(body), key, /no armored signature/],
    ["text before it", utf8(`x\n${text}`), key, /no armored signature/],
    ["text after it", utf8(`${text}x`), key, /no armored signature/],
    ["twice", utf8(text + text), key, /is no base64/],
    ["a blank in the base64", armored(`\n${body.replace("B", " ")}`), key, /is no base64/],
    ["unused bits of the base64", armored(`\n${body.replace(/I=$/, "J=")}`), key, /no canonical base64/],
    ["a wrong checksum", armored(`\n${body}\n=AAAA`), key, /checksum/],
    ["a key for a signature", key.octets, key, /signature/i],
    ["octets that are no packet", Uint8Array.of(0xff, 0xff, 0xff), key, /signature/],
    ["a signature for a key", signature, { ...key, octets: signature }, /no armored public key/],
    ["another fingerprint", signature, { ...key, fingerprint: "0".repeat(40) }, /has b693f333.*, not 0000/],
    [
      "the subkey's fingerprint",
      signature,
      { ...key, fingerprint: "2c319de47066c200dfdc4d6b842aea40c5bcd6e1" },
      /not 2c319d/,
    ],
    ["too long", new Uint8Array(1_000_001), key, /more than 1000000/],
  ];
  for (const [name, sign, by, fault] of table) {
    const verified = await verifyDetached({ content, signature: sign, key: by }, { now: NOW });
    if (fault === undefined) assert.ok(verified.ok, name);
    else assert.match(verified.ok ? `${name} was taken` : verified.error, fault, name);
  }
});

test("verifyDetached: agrees with GnuPG about what GnuPG signed", withGpg, async () => {
  using gpg = openGpg();
  const [ours, theirs] = [gpg.key(), gpg.key({ name: "others@pine.example" })];
  const [key, other] = [ours, theirs].map((fingerprint) => ({ octets: gpg.exported(fingerprint), fingerprint }));
  assert.ok(key !== undefined && other !== undefined);
  const content = utf8('{"a": 1}\n');
  const now = Date.now();
  for (const armored of [true, false]) {
    const signature = gpg.sign(content, ours, { armored });
    assert.ok(gpg.verifies(content, signature));
    assert.ok((await verifyDetached({ content, signature, key }, { now })).ok);
    assert.ok(
      (await verifyDetached({ content, signature, key: { ...key, octets: gpg.exported(ours, false) } }, { now })).ok,
    );
    assert.ok(!(await verifyDetached({ content, signature, key: other }, { now })).ok);
    const both: PinnedKey = { ...key, octets: new Uint8Array(gpg.run(["--export", ours, theirs])) };
    assert.ok((await verifyDetached({ content, signature, key: both }, { now })).ok);
    // The key that is pinned must be the one, whoever else is in the file.
    const foreign = gpg.sign(content, theirs, { armored });
    assert.ok(!(await verifyDetached({ content, signature: foreign, key: both }, { now })).ok);
    await fc.assert(
      fc.asyncProperty(fc.nat(content.length - 1), fc.integer({ min: 1, max: 255 }), async (at, difference) => {
        const altered = content.with(at, (content[at] ?? 0) ^ difference);
        assert.ok(!(await verifyDetached({ content: altered, signature, key }, { now })).ok);
      }),
      { numRuns: 50 },
    );
  }
  const overText = gpg.sign(content, ours, { more: ["--textmode"] });
  const verified = await verifyDetached({ content, signature: overText, key }, { now });
  assert.match(verified.ok ? "taken" : verified.error, /not over the octets/);
});

test("verifyDetached: keys and signatures that end, are revoked, or come from the future", withGpg, async () => {
  const content = utf8("{}");
  const [before, made, after] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 1, 1), Date.UTC(2027, 0, 1)];
  const table: readonly (readonly [string, KeyStory, { readonly new: string; readonly stored: string }])[] = [
    ["a key without an end", {}, { new: "good", stored: "good" }],
    ["a key that has not ended", { expires: "20270601T000000" }, { new: "good", stored: "good" }],
    ["a key that has ended since", { expires: "20260601T000000" }, { new: "Primary key is expired", stored: "good" }],
    [
      "a signature that has ended since",
      { more: ["--default-sig-expire", "30d"] },
      { new: "Signature is expired", stored: "good" },
    ],
    [
      "a key that was revoked as compromised",
      { revoked: 1 },
      { new: "Primary key is revoked", stored: "Primary key is revoked" },
    ],
    [
      "a key that was revoked for no reason",
      { revoked: 0 },
      { new: "Primary key is revoked", stored: "Primary key is revoked" },
    ],
    ["a key that was retired", { revoked: 3 }, { new: "Primary key is revoked", stored: "good" }],
    ["a key that was replaced", { revoked: 2 }, { new: "Primary key is revoked", stored: "good" }],
  ];
  const seen: (readonly [string, KeyStory, { readonly new: string; readonly stored: string }])[] = [];
  for (const [name, story] of table) {
    using gpg = openGpg();
    const { expires, more = [], revoked } = story;
    const fingerprint = gpg.key({ made: stamp(before), ...(expires === undefined ? {} : { expires }) });
    const signature = gpg.sign(content, fingerprint, { made: stamp(made), more });
    if (revoked !== undefined) gpg.revoke(fingerprint, revoked);
    const key = { octets: gpg.exported(fingerprint), fingerprint };
    const asked = { content, signature, key };
    seen.push([
      name,
      story,
      { new: said(await verifyDetached(asked, { now: after })), stored: said(await verifyDetached(asked)) },
    ]);
  }
  assert.deepEqual(seen, table);
});

interface KeyStory {
  readonly expires?: string;
  readonly more?: readonly string[];
  readonly revoked?: 0 | 1 | 2 | 3;
}

function said(verified: Awaited<ReturnType<typeof verifyDetached>>): string {
  return verified.ok ? "good" : verified.error.replace("the signature is not good: ", "");
}

function stamp(instant: number): string {
  return new Date(instant).toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
}

function publishedList(): { readonly content: Bytes; readonly signature: Bytes; readonly key: PinnedKey } {
  const read = (name: string): Bytes => new Uint8Array(readFileSync(`${published.path}/${name}`));
  return {
    content: read("policy.json"),
    signature: read("policy.json.asc"),
    key: { octets: read("authority.key.bin"), fingerprint: "b693f33372e965d76d55368616eea65d03326c9d" },
  };
}

function plain(signature: Bytes): Bytes {
  const octets = dearmor(signature, "SIGNATURE");
  assert.ok(octets.ok);
  return octets.value;
}
