import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { nameOf } from "../wire/name.ts";
import { decodeDs } from "../wire/rdata-dnssec.ts";
import { parseRecord } from "../wire/text-parse.ts";
import { base32Hex } from "../wire/text-present.ts";
import { TYPE, typeNumber } from "../wire/types.ts";
import { standardAlgorithms } from "./algorithms.ts";
import { closestAnchor, ROOT_ANCHORS, trustAnchors } from "./anchors.ts";
import { canonicalRdata, canonicalRdatas, ownerLabels } from "./canonical.ts";
import { matchesDs, usableDs } from "./delegation-signer.ts";
import { keyTag, zoneKeys } from "./keys.ts";
import { nsecNameError, nsecNoDs, nsecNodata, nsecWildcard } from "./nsec.ts";
import { nsec3Hash } from "./nsec3-hash.ts";
import { recordSets, setKey } from "./rrset.ts";
import { serialBefore } from "./signature.ts";

const rdataOf = (text: string): Uint8Array => {
  const read = parseRecord(text);
  assert.ok(read.ok, text);
  return read.value.rdata;
};

test("keyTag and matchesDs agree with the example of RFC 4034 §5.4", () => {
  const key =
    "dskey.example.com. DNSKEY 256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==";
  const read = parseRecord(key);
  assert.ok(read.ok);
  const sha1 = { ...standardAlgorithms, signature: () => () => undefined };
  const [zoneKey] = zoneKeys([...recordSets([read.value]).values()][0]!, sha1);
  assert.equal(zoneKey?.tag, 60_485);
  const ds = decodeDs(
    rdataOf("dskey.example.com. DS 60485 5 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A"),
  );
  assert.ok(zoneKey !== undefined && ds !== undefined && matchesDs(zoneKey, ds, sha1));
});

test("zoneKeys takes zone keys of protocol 3 that are not revoked (RFC 4034 §2.1, RFC 5011 §2.1)", () => {
  const kept = (flags: number, protocol: number): number => {
    const read = parseRecord(`rook. DNSKEY ${flags} ${protocol} 13 ${Buffer.alloc(64, 1).toString("base64")}`);
    assert.ok(read.ok);
    return zoneKeys([...recordSets([read.value]).values()][0]!, standardAlgorithms).length;
  };
  assert.deepEqual(
    [kept(256, 3), kept(257, 3), kept(0, 3), kept(256, 2), kept(384, 3), kept(385, 3)],
    [1, 1, 0, 0, 0, 0],
  );
});

test("keyTag never leaves 16 bits", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (rdata) => assert.ok(keyTag(rdata) >= 0 && keyTag(rdata) <= 0xffff)),
  );
});

test("usableDs leaves out what is unsupported, and SHA-1 beside anything stronger (RFC 4509 §3)", () => {
  const ds = (algorithm: number, digestType: number) => ({
    keyTag: 1,
    algorithm,
    digestType,
    digest: new Uint8Array(32),
  });
  const withSha1 = {
    ...standardAlgorithms,
    digest: (type: number) => (type === 1 ? (data: Uint8Array) => data : standardAlgorithms.digest(type)),
  };
  const shown = (given: readonly ReturnType<typeof ds>[], policy = standardAlgorithms): string =>
    usableDs(given, policy)
      .map((one) => `${one.algorithm}/${one.digestType}`)
      .join(" ");
  assert.equal(shown([ds(5, 2), ds(8, 1), ds(12, 2), ds(8, 3), ds(253, 2)]), "");
  assert.equal(shown([ds(8, 1), ds(8, 2), ds(13, 4), ds(5, 2)]), "8/2 13/4");
  assert.equal(shown([ds(8, 1), ds(8, 2)], withSha1), "8/2");
  assert.equal(shown([ds(8, 1)], withSha1), "8/1");
});

test("canonical form lowers names in the old types alone, and orders and counts rdata once (RFC 4034 §6, RFC 6840 §5.1)", () => {
  const lower = (text: string): boolean => {
    const rdata = rdataOf(text);
    return !Buffer.from(canonicalRdata(typeNumber(text.split(" ")[1] ?? "") ?? 0, rdata)).equals(rdata);
  };
  assert.deepEqual(
    ["x. MX 1 A.", "x. NS A.", "x. SRV 1 2 3 A.", "x. DNAME A.", 'x. NAPTR 1 2 "S" "T" "" A.'].map(lower),
    [true, true, true, true, true],
  );
  assert.deepEqual(["x. NSEC A. A", 'x. TXT "A"', 'x. HINFO "A" "B"', 'x. CAA 0 issue "A"'].map(lower), [
    false,
    false,
    false,
    false,
  ]);
  const records = ["x. A 192.0.2.2", "x. A 192.0.2.1", "x. A 192.0.2.10", "x. A 192.0.2.1"].map((text) => {
    const read = parseRecord(text);
    assert.ok(read.ok);
    return read.value;
  });
  const set = { owner: nameOf("x"), type: TYPE.A, records, signatures: [], ttl: 1 };
  assert.deepEqual(
    canonicalRdatas(set).map((rdata) => rdata[3]),
    [1, 2, 10],
  );
  assert.deepEqual([ownerLabels(nameOf("*.a.b")), ownerLabels(nameOf("a.b")), ownerLabels(nameOf("."))], [2, 2, 0]);
});

test("canonicalRdata keeps length and never throws on malformed rdata", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(TYPE.MX, TYPE.SOA, TYPE.NAPTR, TYPE.RRSIG, TYPE.PX),
      fc.uint8Array({ maxLength: 60 }),
      (type, rdata) => {
        assert.equal(canonicalRdata(type, rdata).length, rdata.length);
      },
    ),
  );
});

test("serialBefore wraps (RFC 1982 §3.2)", () => {
  assert.deepEqual(
    [
      serialBefore(1, 2),
      serialBefore(2, 1),
      serialBefore(2, 2),
      serialBefore(0xffffffff, 0),
      serialBefore(0, 0xffffffff),
    ],
    [true, false, false, true, false],
  );
});

test("recordSets counts equal records once and hangs each signature on its set", () => {
  const lines = [
    "x. 60 A 192.0.2.1",
    "X. 30 A 192.0.2.1",
    "x. 50 A 192.0.2.2",
    "x. RRSIG A 13 1 60 20260501000000 20260201000000 1 . AA==",
  ];
  const records = lines.map((line) => {
    const read = parseRecord(line);
    assert.ok(read.ok);
    return read.value;
  });
  const set = recordSets([...records, { ...records[0]!, class: 3 }]).get(setKey(nameOf("x"), TYPE.A));
  assert.deepEqual([set?.records.length, set?.signatures.length, set?.ttl], [2, 1, 50]);
});

test("the built-in anchors cover every name; the closest one counts", () => {
  assert.deepEqual(
    closestAnchor(nameOf("mx.rook.example"), ROOT_ANCHORS)?.ds.map((ds) => ds.keyTag),
    [20_326, 38_696],
  );
  const own = trustAnchors([
    { zone: nameOf("example"), key: new Uint8Array([1]) },
    { zone: nameOf("example"), key: new Uint8Array([2]) },
  ]);
  assert.equal(closestAnchor(nameOf("rook.example"), own)?.keys?.length, 2);
  assert.equal(closestAnchor(nameOf("rook.test"), own), undefined);
});

const nsec = (owner: string, next: string, ...types: string[]) => ({
  owner: nameOf(owner),
  nsec: { next: nameOf(next), types: new Set(types.map((type) => typeNumber(type) ?? 0)) },
});

test("NSEC denies what lies in its gap and nothing else (RFC 4035 §5.4, RFC 6840 §4)", () => {
  const zone = [
    nsec("rook", "b.rook", "SOA", "NS", "NSEC"),
    nsec("b.rook", "cut.rook", "A"),
    nsec("cut.rook", "dn.rook", "NS"),
    nsec("dn.rook", "x.ent.rook", "DNAME"),
    nsec("x.ent.rook", "*.w.rook", "A"),
    nsec("*.w.rook", "rook", "TXT"),
  ];
  const nameError = (name: string): string => nsecNameError(nameOf(name), zone).kind;
  const nodata = (name: string, type: string): string => nsecNodata(nameOf(name), typeNumber(type) ?? 0, zone).kind;
  assert.deepEqual(["a.rook", "c.rook", "zz.rook", "y.x.ent.rook"].map(nameError), [
    "secure",
    "secure",
    "secure",
    "secure",
  ]);
  assert.deepEqual(
    ["b.rook", "ent.rook", "a.cut.rook", "a.dn.rook", "a.w.rook", "other", "rook"].map(nameError),
    Array.from({ length: 7 }, () => "not-proved"),
  );
  assert.deepEqual(
    [nodata("b.rook", "TXT"), nodata("ent.rook", "A"), nodata("q.w.rook", "A"), nodata("cut.rook", "DS")],
    ["secure", "secure", "secure", "secure"],
  );
  assert.deepEqual(
    [
      nodata("b.rook", "A"),
      nodata("cut.rook", "A"),
      nodata("q.w.rook", "TXT"),
      nodata("rook", "DS"),
      nodata("a.cut.rook", "A"),
    ],
    Array.from({ length: 5 }, () => "not-proved"),
  );
  assert.deepEqual(
    ["cut.rook", "b.rook", "ent.rook", "a.rook", "rook", "q.cut.rook"].map((name) => nsecNoDs(nameOf(name), zone)),
    ["insecure-cut", "no-cut", "no-cut", "no-cut", "not-proved", "not-proved"],
  );
  assert.equal(nsecWildcard(nameOf("q.w.rook"), nameOf("w.rook"), zone).kind, "secure");
  assert.equal(nsecWildcard(nameOf("q.w.rook"), nameOf("rook"), zone).kind, "not-proved");
  assert.equal(nsecWildcard(nameOf("b.rook"), nameOf("rook"), zone).kind, "not-proved");
});

test("a signed delegation is never called insecure (RFC 6840 §4.4)", () => {
  assert.equal(nsecNoDs(nameOf("cut.rook"), [nsec("cut.rook", "z.rook", "NS", "DS")]), "not-proved");
  assert.equal(nsecNoDs(nameOf("cut.rook"), [nsec("cut.rook", "z.rook", "NS", "SOA")]), "not-proved");
  assert.equal(nsecNoDs(nameOf("cut.rook"), [nsec("cut.rook", "z.rook", "CNAME")]), "not-proved");
});

test("nsec3Hash gives the owners of RFC 5155 Appendix A", () => {
  const parameters = { iterations: 12, salt: Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd) };
  const hashes = ["example", "a.example", "ai.example", "*.w.example", "X.Y.W.example"].map((name) =>
    base32Hex(nsec3Hash(nameOf(name), parameters)),
  );
  assert.deepEqual(hashes, [
    "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",
    "35mthgpgcu1qg68fab165klnsnk3dpvl",
    "gjeqe526plbf1g8mklp59enfd789njgi",
    "r53bq7cc2uvmubfu5ocmm6pers9tk9en",
    "2vptu5timamqttgl4luu9kg21e0aor3s",
  ]);
});

test("over any zone, NSEC denies exactly the names that are not there", () => {
  const label = fc.constantFrom("a", "b", "c", "*", "\\001");
  const below = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => `${labels.join(".")}.rook`);
  fc.assert(
    fc.property(
      fc.uniqueArray(below, { minLength: 1, maxLength: 6, selector: (name) => nameOf(name).key }),
      below,
      (owners, asked) => {
        const names = [nameOf("rook"), ...owners.map(nameOf)].sort((left, right) =>
          Buffer.compare(order(left), order(right)),
        );
        const records = names.map((owner, at) => ({
          owner,
          nsec: {
            next: names[(at + 1) % names.length] ?? owner,
            types: new Set(at === 0 ? [TYPE.SOA, TYPE.NS] : [TYPE.A]),
          },
        }));
        const name = nameOf(asked);
        const exists = names.some((one) =>
          `.${order(one).toString("latin1")}`.startsWith(`.${order(name).toString("latin1")}`),
        );
        if (exists) assert.equal(nsecNameError(name, records).kind, "not-proved");
        else
          assert.notEqual(
            nsecNodata(name, TYPE.TXT, records).kind === "secure" || nsecNameError(name, records).kind === "secure",
            false,
          );
      },
    ),
  );
});

/** Octets that sort as names do: labels from the top, each ended by a zero, its own zeros and ones escaped. */
function order(name: ReturnType<typeof nameOf>): Buffer {
  const octets: number[] = [];
  for (const label of [...name.labels].reverse()) {
    for (const octet of label) octets.push(...(octet <= 1 ? [1, octet + 1] : [octet]));
    octets.push(0);
  }
  return Buffer.from(octets);
}
