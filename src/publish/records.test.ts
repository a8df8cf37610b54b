import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { mint } from "../../test/support/mint.ts";
import { domain } from "../mail/mod.ts";
import { peerNames } from "../tls/mod.ts";
import { FINDINGS } from "./finding.ts";
import { recordsFor } from "./records.ts";
import { servedAt } from "./served.ts";
import type { OwnCertificate, Publication } from "./types.ts";
import { zoneLines } from "./zone.ts";

function own(file: string, names: readonly string[], keyType = "ec"): OwnCertificate {
  const { der, spki } = mint({ names });
  const found = peerNames(der);
  assert.ok(found.ok);
  return { file, names: found.value, keyType, chain: [der], spki, notBefore: 0, notAfter: 1, selfIssued: true };
}

function publication(certificates: readonly OwnCertificate[], more: Partial<Publication> = {}): Publication {
  return {
    domain: domain("rook.example"),
    hostname: domain("mx1.rook.example"),
    ports: [25],
    tlsRpt: [],
    certificates,
    ...more,
  };
}

function tlsa({ spki }: Pick<OwnCertificate, "spki">): string {
  return `3 1 1 ${createHash("sha256").update(spki).digest("hex")}`;
}

test("servedAt: what clients see who ask for the name and who ask for none (RFC 7672 §8.1)", () => {
  const first = own("first", ["www.rook.example"]);
  const firstRsa = own("first-rsa", ["www.rook.example"], "rsa");
  const exact = own("exact", ["mx1.rook.example"]);
  const wild = own("wild", ["*.rook.example"]);
  const wildRsa = own("wild-rsa", ["*.rook.example"], "rsa");
  const stranger = own("stranger", ["mx.pine.example"], "rsa");
  const table: readonly (readonly [readonly OwnCertificate[], readonly OwnCertificate[]])[] = [
    [[], []],
    [[exact], [exact]],
    [[first], [first]],
    [
      [first, exact],
      [exact, first],
    ],
    [[exact, wild], [exact]],
    [
      [wild, exact],
      [exact, wild],
    ],
    [
      [first, firstRsa, exact, wild, wildRsa],
      [exact, wildRsa, first, firstRsa],
    ],
    [[exact, stranger], [exact]],
  ];
  for (const [certificates, expected] of table) {
    assert.deepEqual(
      servedAt(certificates, "mx1.rook.example").map(({ file }) => file),
      expected.map(({ file }) => file),
    );
  }
});

test("recordsFor: one TLSA record for each key and port, the next keys last (RFC 7671 §8.1)", () => {
  const next = mint({ names: [] });
  const rsaNext = mint({ names: [] });
  const ec = { ...own("ec", ["mx1.rook.example"]), next: { file: "ec.next", spki: next.spki } };
  const rsa = { ...own("rsa", ["mx1.rook.example"], "rsa"), next: { file: "rsa.next", spki: rsaNext.spki } };
  const records = recordsFor(publication([ec, rsa], { ports: [25, 2525] }), ["mx1.rook.example"]);
  const at = (port: number, value: string, what: string): object => ({
    owner: `_${port}._tcp.mx1.rook.example`,
    type: "TLSA",
    value,
    what,
  });
  assert.deepEqual(records, [
    { owner: "rook.example", type: "MX", value: "10 mx1.rook.example.", what: "this mail host" },
    ...[25, 2525].flatMap((port) => [
      at(port, tlsa(ec), "the key of ec"),
      at(port, tlsa(rsa), "the key of rsa"),
      at(port, tlsa(next), "the next key, ec.next"),
      at(port, tlsa(rsaNext), "the next key, rsa.next"),
    ]),
  ]);
});

test("recordsFor: text longer than a character string is cut into several (RFC 1035 §3.3)", () => {
  const uris = Array.from({ length: 12 }, (_, at) => `mailto:reports-${at}@a-long-name.rook.example`);
  const [, record] = recordsFor(publication([], { tlsRpt: uris }), []);
  const parts = (record?.value ?? "").slice(1, -1).split('" "');
  assert.deepEqual(
    parts.map(({ length }) => length <= 255),
    [true, true, true],
  );
  assert.equal(parts.join(""), `v=TLSRPTv1; rua=${uris.join(",")}`);
});

test("zoneLines: every line is a record or a comment, whatever a file is called", () => {
  const odd = own("odd\n@ MX 0 .", ["mx1.rook.example"]);
  for (const line of zoneLines(recordsFor(publication([odd]), ["mx1.rook.example"]))) {
    assert.match(line, /^(?:; |[a-z0-9_.-]+ (?:3600 )?IN (?:MX|TLSA|TXT) [^\n]+$)/);
  }
});

test("docs/publishing.md names every finding with its severity and meaning", () => {
  const text = readFileSync(new URL("../../docs/publishing.md", import.meta.url), "utf8");
  const rows = text.split("\n").flatMap((line) => {
    const [, code, severity, means] = /^\| `([a-z-]+)` \| (error|warning|advice) \| (.+) \|$/.exec(line) ?? [];
    return code === undefined ? [] : [[code, [severity, means]]];
  });
  assert.deepEqual(rows, Object.entries(FINDINGS));
});
