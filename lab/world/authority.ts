import type { CertificateFlaw, CertificateSpec } from "../types.ts";
import { explicitKeys, giantKeys } from "./costly_keys.ts";
import { fromHex, type KeyPair, mint, type Minted, type MintOptions, PURPOSE, rsaKeys, toPem } from "./mint.ts";

/** Makes the certificates of the lab, good and bad. */
export interface Authority {
  /** PEM of the root that the sender trusts. */
  readonly pem: string;
  /** `names` are those of the spec, or the host's own, spelt out. */
  issue(spec: CertificateSpec, about: { readonly names: readonly string[]; readonly stolen?: Chain }): Chain;
}

export interface Chain {
  /** Leaf, intermediates and root, as they were made. */
  readonly whole: readonly Minted[];
  /** What is sent: leaf first, PEM. */
  readonly pem: string;
  readonly key: string;
}

export function labAuthority(): Authority {
  const root = mint({ subject: "Lab root", ca: true, ...LIFE });
  const stranger = mint({ subject: "A stranger", ca: true, ...LIFE });
  let weak: KeyPair | undefined;
  return {
    pem: toPem(root.der),
    issue(spec, { names, stolen }) {
      if (stolen !== undefined && isPlain(spec)) return stolen;
      const between = spec.by === "self" ? [] : intermediates(spec, spec.by === "stranger" ? stranger : root, names);
      const issuer = between.at(-1) ?? (spec.by === "stranger" ? stranger : root);
      const keys =
        spec.flaw === "rsa-1024" ? (weak ??= rsaKeys(1024)) : (flawedKeys(spec.flaw) ?? stolen?.whole[0]?.keys);
      const leaf = mint({
        subject: spec.commonName ?? "Lab host",
        ...(names.length === 0 ? {} : { names }),
        purposes: [PURPOSE.serverAuth],
        ...LIFE,
        ...(spec.by === "self" ? {} : { issuer }),
        ...(keys === undefined ? {} : { keys }),
        ...flawOf(spec.flaw),
      });
      const top = spec.by === "self" ? [] : [spec.by === "stranger" ? stranger : root];
      const sent = spec.omit === "intermediates" ? [leaf] : [leaf, ...between.toReversed()];
      return chainOf([leaf, ...between.toReversed(), ...top], spec.sendRoot === true ? [...sent, ...top] : sent);
    },
  };
}

function flawedKeys(flaw: CertificateFlaw | undefined): KeyPair | undefined {
  if (flaw === "giant-key") return giantKeys();
  return flaw === "explicit-curve" ? explicitKeys() : undefined;
}

function chainOf(whole: readonly Minted[], sent: readonly Minted[]): Chain {
  const [leaf] = whole;
  const key = leaf?.keys.privateKey.export({ type: "pkcs8", format: "pem" }) ?? "";
  return { whole, pem: sent.map(({ der }) => toPem(der)).join(""), key };
}

/** From the root downwards. */
function intermediates(spec: CertificateSpec, root: Minted, names: readonly string[]): readonly Minted[] {
  const chain: Minted[] = [];
  const count = Math.max(spec.intermediates ?? 0, BETWEEN[spec.flaw ?? "expired"] ?? 0);
  for (let at = 0; at < count; at++) {
    const first = at === 0 ? faultyIssuer(spec.flaw, names) : {};
    chain.push(mint({ subject: `Lab CA ${at + 1}`, ca: true, issuer: chain.at(-1) ?? root, ...LIFE, ...first }));
  }
  return chain;
}

function faultyIssuer(flaw: CertificateFlaw | undefined, names: readonly string[]): MintOptions {
  if (flaw === "issuer-no-ca") return { ca: false };
  if (flaw === "path-length") return { pathLength: 0 };
  return flaw === "name-constraints" ? { excluded: names } : {};
}

function flawOf(flaw: CertificateFlaw | undefined): MintOptions {
  switch (flaw) {
    case "expired":
      return { notAfter: new Date("2021-01-01T00:00:00Z") };
    case "not-yet-valid":
      return { notBefore: new Date("2048-01-01T00:00:00Z") };
    case "client-purpose":
      return { purposes: [PURPOSE.clientAuth] };
    case "critical-unknown":
      return { more: [["2a0304", true, fromHex("0500")]] };
    case "sha1":
      return { signature: "ecdsa-sha1" };
    case "rsa-1024":
    case "giant-key":
    case "explicit-curve":
    case "issuer-no-ca":
    case "path-length":
    case "name-constraints":
    case undefined:
      return {};
    default:
      return flaw satisfies never;
  }
}

function isPlain({ names, commonName, by, flaw, intermediates: count }: CertificateSpec): boolean {
  return (
    names === undefined && commonName === undefined && by === undefined && flaw === undefined && count === undefined
  );
}

/** OpenSSL judges dates by the real time, so the lab's own lie far apart. */
const LIFE = { notBefore: new Date("2020-01-01T00:00:00Z"), notAfter: new Date("2049-12-31T00:00:00Z") };
/** CAs that a flaw needs between root and leaf. */
const BETWEEN: Readonly<Record<string, number>> = { "issuer-no-ca": 1, "path-length": 2, "name-constraints": 1 };
