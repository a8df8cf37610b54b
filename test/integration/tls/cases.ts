import { createHash } from "node:crypto";
import type { TlsaRecord } from "../../../src/tls/mod.ts";
import { ecKeys, fromHex, mint, type Minted, type MintOptions, PURPOSE, rsaKeys } from "../../support/mint.ts";

/** A server with its chain, the records of its zone, and what a client must make of both. */
export interface DaneCase {
  readonly title: string;
  /** As the server sends them, leaf first. */
  readonly chain: readonly Minted[];
  readonly tlsa: readonly TlsaRecord[];
  readonly domain?: string;
  readonly at?: Date;
  /** "depth n", or the result that a report names. */
  readonly expected: string;
  /** Given where OpenSSL 3 decides otherwise: its decision and why ours differs. */
  readonly openssl?: { readonly ok: boolean; readonly why: string };
}

export const HOST = "mx.pine.example";
export const NOW: Date = new Date("2027-03-01T12:00:00Z");

/** A record for a certificate: usage, selector, matching type. */
export function tlsa(usage: number, selector: number, matching: number, of: Minted): TlsaRecord {
  const selected = selector === 0 ? of.der : of.spki;
  const digest = matching === 0 ? undefined : matching === 1 ? "sha256" : "sha512";
  const data = digest === undefined ? selected : new Uint8Array(createHash(digest).update(selected).digest());
  return { usage, selector, matching, data };
}

export function leafOf(issuer: Minted, rest: MintOptions = {}): Minted {
  return mint({ issuer, names: [HOST], ca: false, purposes: [PURPOSE.serverAuth], ...rest });
}

export function daneCases(): readonly DaneCase[] {
  return [...endEntity(), ...anchors(), ...chains(), ...extensions(), ...constraints(), ...algorithms(), ...identity()];
}

const root = mint({ subject: "Root", ca: true });
const middle = mint({ subject: "Middle", issuer: root, ca: true });
const low = mint({ subject: "Low", issuer: middle, ca: true });
const leaf = leafOf(middle);
const stranger = mint({ subject: "Stranger", ca: true });
const day = (text: string): Date => new Date(`${text}T00:00:00Z`);

function endEntity(): readonly DaneCase[] {
  const bare = mint({ subject: "anything" });
  const old = mint({ issuer: root, notBefore: day("2020-01-01"), notAfter: day("2021-01-01") });
  const weak = mint({
    keys: rsaKeys(2048),
    signature: "rsa-sha1",
    names: ["other.example"],
    purposes: [PURPOSE.clientAuth],
  });
  const odd = mint({ names: [HOST], more: [["2a030405", true, new Uint8Array([5, 0])]] });
  const all = [0, 1].flatMap((selector) => [0, 1, 2].map((matching) => [selector, matching] as const));
  return [
    ...all.map(([selector, matching]) => ({
      title: `3 ${selector} ${matching} of a self-signed certificate`,
      chain: [bare],
      tlsa: [tlsa(3, selector, matching, bare)],
      expected: "depth 0",
    })),
    { title: "3 1 1 of an expired certificate", chain: [old], tlsa: [tlsa(3, 1, 1, old)], expected: "depth 0" },
    {
      title: "3 0 1, wrong name, wrong purpose, SHA-1",
      chain: [weak],
      tlsa: [tlsa(3, 0, 1, weak)],
      expected: "depth 0",
    },
    { title: "3 1 1, unknown critical extension", chain: [odd], tlsa: [tlsa(3, 1, 1, odd)], expected: "depth 0" },
    {
      title: "3 1 1 of another key",
      chain: [leaf, middle],
      tlsa: [tlsa(3, 1, 1, root)],
      expected: "validation-failure",
    },
    {
      title: "3 1 1 of the issuer",
      chain: [leaf, middle],
      tlsa: [tlsa(3, 1, 1, middle)],
      expected: "validation-failure",
    },
    {
      title: "3 0 1 of another certificate, then 3 1 1 that matches",
      chain: [leaf],
      tlsa: [tlsa(3, 0, 1, root), tlsa(3, 1, 1, leaf)],
      expected: "depth 0",
    },
  ];
}

function anchors(): readonly DaneCase[] {
  const selfSigned = mint({ subject: "Self", names: [HOST] });
  const all = [0, 1].flatMap((selector) => [0, 1, 2].map((matching) => [selector, matching] as const));
  return [
    ...all.map(([selector, matching]) => ({
      title: `2 ${selector} ${matching} of the root, which is sent`,
      chain: [leaf, middle, root],
      tlsa: [tlsa(2, selector, matching, root)],
      expected: "depth 2",
    })),
    { title: "2 0 1 of an intermediate", chain: [leaf, middle], tlsa: [tlsa(2, 0, 1, middle)], expected: "depth 1" },
    {
      title: "2 1 2 of an intermediate",
      chain: [leaf, middle, root],
      tlsa: [tlsa(2, 1, 2, middle)],
      expected: "depth 1",
    },
    {
      title: "2 0 0 of a root that is not sent",
      chain: [leaf, middle],
      tlsa: [tlsa(2, 0, 0, root)],
      expected: "depth 2",
    },
    {
      title: "2 1 0 of a root that is not sent",
      chain: [leaf, middle],
      tlsa: [tlsa(2, 1, 0, root)],
      expected: "depth 2",
    },
    { title: "2 1 0 of an issuer that is not sent", chain: [leaf], tlsa: [tlsa(2, 1, 0, middle)], expected: "depth 1" },
    {
      title: "2 1 0 of a key that signed nothing",
      chain: [leaf, middle],
      tlsa: [tlsa(2, 1, 0, stranger)],
      expected: "validation-failure",
    },
    {
      title: "2 0 1 of a root that is not sent",
      chain: [leaf, middle],
      tlsa: [tlsa(2, 0, 1, root)],
      expected: "validation-failure",
    },
    { title: "2 0 1 of the leaf", chain: [leaf, middle], tlsa: [tlsa(2, 0, 1, leaf)], expected: "validation-failure" },
    {
      title: "2 0 1 of a self-signed leaf",
      chain: [selfSigned],
      tlsa: [tlsa(2, 0, 1, selfSigned)],
      expected: "validation-failure",
    },
    {
      title: "2 0 0 of a self-signed leaf",
      chain: [selfSigned],
      tlsa: [tlsa(2, 0, 0, selfSigned)],
      expected: "validation-failure",
    },
    {
      title: "2 0 1 of a stranger that is sent",
      chain: [leaf, middle, root, stranger],
      tlsa: [tlsa(2, 0, 1, stranger)],
      expected: "certificate-not-trusted",
    },
    {
      title: "2 0 1 of a stranger, then 2 0 1 of the root",
      chain: [leaf, middle, root, stranger],
      tlsa: [tlsa(2, 0, 1, stranger), tlsa(2, 0, 1, root)],
      expected: "depth 2",
    },
    {
      title: "3 1 1 of another key, then 2 1 1 of the root",
      chain: [leaf, middle, root],
      tlsa: [tlsa(3, 1, 1, root), tlsa(2, 1, 1, root)],
      expected: "depth 2",
    },
  ];
}

function chains(): readonly DaneCase[] {
  const deep = leafOf(low);
  const cross = mint({ subject: "Middle", issuer: stranger, keys: middle.keys, ca: true });
  const old = mint({ subject: "Middle", issuer: root, keys: middle.keys, ca: true, notAfter: day("2026-06-01") });
  const oldLeaf = leafOf(middle, { notAfter: day("2026-06-01") });
  const early = leafOf(middle, { notBefore: day("2030-01-01") });
  const oldRoot = mint({ subject: "Old Root", ca: true, notAfter: day("2026-06-01") });
  const impostor = mint({ subject: "Middle", ca: true });
  const forged = leafOf({ ...middle, keys: impostor.keys });
  const top = [tlsa(2, 0, 1, root)];
  return [
    { title: "three levels", chain: [deep, low, middle, root], tlsa: top, expected: "depth 3" },
    { title: "out of order", chain: [deep, root, middle, low], tlsa: top, expected: "depth 3" },
    {
      title: "superfluous and double certificates",
      chain: [deep, stranger, low, low, middle, root, leaf],
      tlsa: top,
      expected: "depth 3",
    },
    { title: "a missing intermediate", chain: [deep, middle, root], tlsa: top, expected: "certificate-not-trusted" },
    {
      title: "cross-signed, the other branch first",
      chain: [leaf, cross, middle, root],
      tlsa: top,
      expected: "depth 2",
      openssl: { ok: false, why: "OpenSSL follows one branch and does not come back" },
    },
    {
      title: "an expired intermediate beside its renewal",
      chain: [leaf, old, middle, root],
      tlsa: top,
      expected: "depth 2",
    },
    { title: "an expired leaf", chain: [oldLeaf, middle, root], tlsa: top, expected: "certificate-expired" },
    {
      title: "a leaf that is not valid yet",
      chain: [early, middle, root],
      tlsa: top,
      expected: "certificate-not-trusted",
    },
    { title: "an expired intermediate", chain: [leaf, old, root], tlsa: top, expected: "certificate-expired" },
    {
      title: "an expired anchor",
      chain: [leafOf(oldRoot), oldRoot],
      tlsa: [tlsa(2, 0, 1, oldRoot)],
      expected: "certificate-expired",
    },
    {
      title: "a leaf signed by somebody with the issuer's name",
      chain: [forged, middle, root],
      tlsa: top,
      expected: "certificate-not-trusted",
    },
    {
      title: "an impostor beside the issuer",
      chain: [leaf, impostor, middle, root],
      tlsa: top,
      expected: "depth 2",
      openssl: { ok: false, why: "OpenSSL takes the first issuer of that name" },
    },
  ];
}

function extensions(): readonly DaneCase[] {
  const beneath = (ca: MintOptions, rest: MintOptions = {}): readonly Minted[] => {
    const issuer = mint({ subject: "Issuer", issuer: root, ca: true, ...ca });
    return [leafOf(issuer, rest), issuer, root];
  };
  const unknown: MintOptions["more"] = [["2a030405", true, new Uint8Array([5, 0])]];
  const top = [tlsa(2, 0, 1, root)];
  const tight = mint({ subject: "Tight", issuer: root, ca: true, pathLength: 0 });
  const under = mint({ subject: "Under", issuer: tight, ca: true });
  const tightRoot = mint({ subject: "Tight Root", ca: true, pathLength: 0 });
  const underRoot = mint({ subject: "Under Root", issuer: tightRoot, ca: true });
  const again = mint({ subject: "Tight", issuer: tight, ca: true });
  const v1 = mint({ subject: "V1", version: 1 });
  const v1Middle = mint({ subject: "V1 Middle", version: 1, issuer: root });
  const notCa = mint({ subject: "Not CA", ca: false, usage: null });
  const signing = mint({ subject: "Signing", usage: [1, 0x06] });
  const silent = mint({ subject: "Silent", usage: null });
  const no = "certificate-not-trusted";
  return [
    { title: "an issuer that is no CA", chain: beneath({ ca: false }), tlsa: top, expected: no },
    {
      title: "an issuer without basicConstraints",
      chain: [leafOf(silent), silent],
      tlsa: [tlsa(2, 0, 1, silent)],
      expected: no,
    },
    {
      title: "an anchor without basicConstraints whose key is for certificates",
      chain: [leafOf(signing), signing],
      tlsa: [tlsa(2, 0, 1, signing)],
      expected: no,
      openssl: { ok: true, why: "OpenSSL takes keyUsage for it at the top of a chain" },
    },
    { title: "an anchor that is no CA", chain: [leafOf(notCa), notCa], tlsa: [tlsa(2, 1, 1, notCa)], expected: no },
    {
      title: "an issuer whose key is not for certificates",
      chain: beneath({ usage: [7, 0x80] }),
      tlsa: top,
      expected: no,
    },
    { title: "an issuer without keyUsage", chain: beneath({ usage: null }), tlsa: top, expected: "depth 2" },
    { title: "pathLen 0 and a leaf", chain: [leafOf(tight), tight, root], tlsa: top, expected: "depth 2" },
    { title: "pathLen 0 and a CA", chain: [leafOf(under), under, tight, root], tlsa: top, expected: no },
    {
      title: "pathLen 0 of the anchor and a CA",
      chain: [leafOf(underRoot), underRoot, tightRoot],
      tlsa: [tlsa(2, 0, 1, tightRoot)],
      expected: no,
    },
    {
      title: "pathLen 0 and a self-issued CA",
      chain: [leafOf(again), again, tight, root],
      tlsa: top,
      expected: "depth 3",
      openssl: {
        ok: false,
        why: "OpenSSL takes whatever names itself as its issuer, without key identifiers, for self-signed",
      },
    },
    { title: "a version 1 anchor", chain: [leafOf(v1), v1], tlsa: [tlsa(2, 0, 1, v1)], expected: "depth 1" },
    { title: "a version 1 intermediate", chain: [leafOf(v1Middle), v1Middle, root], tlsa: top, expected: no },
    {
      title: "an unknown critical extension of the leaf",
      chain: beneath({}, { more: unknown }),
      tlsa: top,
      expected: no,
    },
    {
      title: "an unknown critical extension of the issuer",
      chain: beneath({ more: unknown }),
      tlsa: top,
      expected: no,
    },
    {
      title: "an unknown extension that is not critical",
      chain: beneath({}, { more: [["2a030405", false, new Uint8Array([5, 0])]] }),
      tlsa: top,
      expected: "depth 2",
    },
    {
      title: "critical policy constraints of the issuer",
      chain: beneath({ more: [["551d24", true, fromHex("3003800100")]] }),
      tlsa: top,
      expected: no,
      openssl: { ok: true, why: "OpenSSL passes over policies unless it is told to check them" },
    },
    { title: "a leaf for clients", chain: beneath({}, { purposes: [PURPOSE.clientAuth] }), tlsa: top, expected: no },
    { title: "a leaf for any purpose", chain: beneath({}, { purposes: [PURPOSE.any] }), tlsa: top, expected: no },
    {
      title: "a leaf without purposes",
      chain: [mint({ issuer: root, names: [HOST] }), root],
      tlsa: top,
      expected: "depth 1",
    },
    { title: "an issuer for clients", chain: beneath({ purposes: [PURPOSE.clientAuth] }), tlsa: top, expected: no },
    {
      title: "an issuer for servers",
      chain: beneath({ purposes: [PURPOSE.clientAuth, PURPOSE.serverAuth] }),
      tlsa: top,
      expected: "depth 2",
    },
    {
      title: "a leaf whose key is for certificates",
      chain: beneath({}, { usage: [1, 0x06] }),
      tlsa: top,
      expected: no,
    },
    {
      title: "a leaf whose key is for key agreement",
      chain: beneath({}, { usage: [3, 0x88] }),
      tlsa: top,
      expected: "depth 2",
    },
  ];
}

function constraints(): readonly DaneCase[] {
  const bound = (
    ca: MintOptions,
    rest: MintOptions = {},
    where: "issuer" | "anchor" = "issuer",
  ): Pick<DaneCase, "chain" | "tlsa"> => {
    const issuer = mint({ subject: "Bound", ...(where === "issuer" ? { issuer: root } : {}), ca: true, ...ca });
    const anchor = where === "issuer" ? root : issuer;
    const chain = [leafOf(issuer, { subject: "Pine", ...rest }), issuer, root];
    return { chain: where === "issuer" ? chain : chain.slice(0, 2), tlsa: [tlsa(2, 0, 1, anchor)] };
  };
  const ip4 = { names: [HOST, "ip:c0000201"] };
  const no = "certificate-not-trusted";
  return [
    { title: "permitted domain", ...bound({ permitted: ["pine.example"] }), expected: "depth 2" },
    { title: "permitted domain, other letter case", ...bound({ permitted: ["PINE.example"] }), expected: "depth 2" },
    { title: "permitted other domain", ...bound({ permitted: ["rook.example"] }), expected: no },
    {
      title: "permitted domain of which the name only ends alike",
      ...bound({ permitted: ["ine.example"] }),
      expected: no,
    },
    { title: "permitted subdomains", ...bound({ permitted: [".pine.example"] }), expected: "depth 2" },
    { title: "excluded domain", ...bound({ excluded: ["pine.example"] }), expected: no },
    { title: "excluded other domain", ...bound({ excluded: ["rook.example"] }), expected: "depth 2" },
    { title: "excluded domain of the anchor", ...bound({ excluded: ["pine.example"] }, {}, "anchor"), expected: no },
    {
      title: "permitted and excluded",
      ...bound({ permitted: ["example"], excluded: ["mx.pine.example"] }),
      expected: no,
    },
    {
      title: "excluded host beneath a wildcard",
      ...bound({ excluded: ["mx.pine.example"] }, { names: ["*.pine.example"] }),
      expected: no,
      openssl: { ok: true, why: "OpenSSL compares a wildcard as text, and lets it stand for the excluded host" },
    },
    {
      title: "permitted domain of a wildcard",
      ...bound({ permitted: ["pine.example"] }, { names: ["*.pine.example"] }),
      expected: "depth 2",
    },
    {
      title: "permitted domain, a common name instead of a dNSName",
      ...bound({ permitted: ["pine.example"] }, { subject: HOST, names: ["ip:c0000201"] }),
      expected: "depth 2",
    },
    {
      title: "permitted other domain, a common name instead of a dNSName",
      ...bound({ permitted: ["rook.example"] }, { subject: HOST, names: ["ip:c0000201"] }),
      expected: no,
    },
    { title: "permitted network", ...bound({ permitted: ["ip:c0000200ffffff00"] }, ip4), expected: "depth 2" },
    { title: "permitted other network", ...bound({ permitted: ["ip:c0000300ffffff00"] }, ip4), expected: no },
    { title: "excluded network", ...bound({ excluded: ["ip:c0000200ffffff00"] }, ip4), expected: no },
    {
      title: "permitted IPv6 network and an IPv4 address",
      ...bound({ permitted: [`ip:${"20010db8".padEnd(32, "0")}${"ffffffff".padEnd(32, "0")}`] }, ip4),
      expected: no,
    },
    { title: "permitted directory", ...bound({ permitted: ["dir:Pine"] }), expected: "depth 2" },
    { title: "permitted other directory", ...bound({ permitted: ["dir:Rook"] }), expected: no },
    { title: "excluded directory", ...bound({ excluded: ["dir:PINE"] }), expected: no },
    {
      title: "excluded address of mail, and one in the leaf",
      ...bound({ excluded: ["email:rook.example"] }, { names: [HOST, "email:bo@pine.example"] }),
      expected: no,
      openssl: { ok: true, why: "we refuse kinds of names that we do not compare" },
    },
    {
      title: "constraints upon another kind of name",
      ...bound({ permitted: ["email:rook.example"] }),
      expected: "depth 2",
    },
  ];
}

function algorithms(): readonly DaneCase[] {
  const strong = mint({ subject: "RSA", ca: true, keys: rsaKeys() });
  const short = mint({ subject: "Short", ca: true, keys: rsaKeys(1024) });
  const sha1 = mint({ subject: "SHA-1", ca: true, keys: rsaKeys(), signature: "rsa-sha1" });
  const p521 = mint({ subject: "P-521", ca: true, keys: ecKeys("P-521") });
  const small = mint({ subject: "Small", ca: true, keys: ecKeys("prime192v1") });
  const beneath = (issuer: Minted, rest: MintOptions = {}): Pick<DaneCase, "chain" | "tlsa"> => ({
    chain: [leafOf(issuer, rest), issuer],
    tlsa: [tlsa(2, 0, 1, issuer)],
  });
  const no = "certificate-not-trusted";
  return [
    { title: "RSA with SHA-256", ...beneath(strong), expected: "depth 1" },
    { title: "RSA-PSS with SHA-256", ...beneath(strong, { signature: "rsa-pss" }), expected: "depth 1" },
    { title: "RSA with SHA-1", ...beneath(strong, { signature: "rsa-sha1" }), expected: no },
    { title: "RSA with MD5", ...beneath(strong, { signature: "rsa-md5" }), expected: no },
    { title: "an anchor signed with SHA-1", ...beneath(sha1), expected: "depth 1" },
    { title: "an anchor with an RSA key of 1024 bits", ...beneath(short), expected: no },
    { title: "ECDSA with P-521", ...beneath(p521), expected: "depth 1" },
    { title: "an anchor with P-192", ...beneath(small), expected: no },
    { title: "ECDSA with SHA-384", ...beneath(root, { signature: "ecdsa-sha384" }), expected: "depth 1" },
    { title: "ECDSA with SHA-1", ...beneath(root, { signature: "ecdsa-sha1" }), expected: no },
  ];
}

function identity(): readonly DaneCase[] {
  const named = (rest: MintOptions): Pick<DaneCase, "chain" | "tlsa"> => ({
    chain: [leafOf(root, rest), root],
    tlsa: [tlsa(2, 1, 1, root)],
  });
  const nameless: MintOptions = { issuer: root, subject: HOST };
  const no = "certificate-host-mismatch";
  return [
    { title: "the wrong name", ...named({ names: ["rook.example"] }), expected: no },
    { title: "a wildcard", ...named({ names: ["*.pine.example"] }), expected: "depth 1" },
    { title: "a wildcard for two labels", ...named({ names: ["*.example"] }), expected: no },
    {
      title: "a wildcard within a label",
      ...named({ names: ["m*.pine.example"] }),
      expected: no,
      openssl: { ok: true, why: "OpenSSL takes partial wildcards unless it is told not to" },
    },
    { title: "letter case", ...named({ names: ["MX.Pine.EXAMPLE"] }), expected: "depth 1" },
    { title: "a NUL in the name", ...named({ names: ["mx.pine.example\0.rook.example"] }), expected: no },
    { title: "a trailing dot", ...named({ names: ["mx.pine.example."] }), expected: no },
    { title: "a common name beside a dNSName", ...named({ subject: HOST, names: ["rook.example"] }), expected: no },
    {
      title: "a common name without dNSName",
      chain: [mint(nameless), root],
      tlsa: [tlsa(2, 1, 1, root)],
      expected: "depth 1",
    },
    {
      title: "a common name beside an address",
      ...named({ subject: HOST, names: ["ip:c0000201"] }),
      expected: "depth 1",
    },
    {
      title: "the wrong common name",
      chain: [mint({ ...nameless, subject: "rook.example" }), root],
      tlsa: [tlsa(2, 1, 1, root)],
      expected: no,
    },
  ];
}
