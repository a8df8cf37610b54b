import { createPrivateKey, createPublicKey } from "node:crypto";
import { derChildren, derElement } from "../../src/tls/der.ts";
import { readCertificate } from "../../src/tls/certificate.ts";
import { requestSpki } from "../../src/tls/mod.ts";
import { parseCertificate } from "../../src/tls/x509/certificate.ts";
import { outlineOf, publicKeyOf } from "../../src/tls/x509/outline.ts";
import { mint } from "../support/mint.ts";
import type { Target } from "./fuzz.ts";

/** What a peer says in a handshake, as far as it is read here. */
export const TLS_TARGETS: readonly Target[] = [
  {
    name: "DER",
    files: ["tls/der.ts"],
    seeds: ["\x30\x03\x02\x01\x01", "\x30\x80\x00\x00", "\x30\x84\xff\xff\xff\xff", "\x30\x06\x30\x04\x30\x02\x05\x00"],
    words: ["\x30", "\x02\x01", "\x81\x80", "\x82\x01\x00", "\x84\x00\x00\x00\x01"],
    read: (octets) => descend(octets, 0),
  },
  {
    name: "certificate",
    files: [
      "tls/certificate.ts",
      "x509/certificate.ts",
      "x509/outline.ts",
      "x509/extensions.ts",
      "x509/general_name.ts",
      "x509/name_constraints.ts",
      "x509/time.ts",
      "x509/directory_name.ts",
      "x509/algorithms.ts",
      "tls/der.ts",
      "tls/request.ts",
    ],
    seeds: certificates(),
    words: [
      "\x06\x03\x55\x1d\x11",
      "\x06\x03\x55\x1d\x1e",
      "\x06\x03\x55\x1d\x13",
      "\x82\x01a",
      "\x17\x0d",
      "\x18\x0f",
      "\x30\x82",
    ],
    within: 20,
    read: (octets) => {
      const outline = outlineOf(octets);
      const key = outline.ok ? publicKeyOf(outline.value.spki) : publicKeyOf(octets);
      return [outline.ok, key, parseCertificate(octets).ok, readCertificate(octets).ok, requestSpki(octets).ok];
    },
  },
];

/** Walks the whole tree, as deep as it goes but 20. */
function descend(octets: Uint8Array, depth: number): unknown {
  const element = derElement(octets, 0);
  if (element === undefined || depth > 20) return element;
  return derChildren(octets, element)?.length;
}

/** Made with one fixed key, so that every run begins with the same octets. */
function certificates(): Buffer[] {
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, 7)]);
  const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const keys = { privateKey, publicKey: createPublicKey(privateKey) };
  const plain = { subject: "fuzz", keys, signature: "ed25519" } as const;
  const rich = {
    ...plain,
    names: ["mx.rook.example", "*.rook.example", "ip:c0000201", "email:a@b.example", "dir:x"],
    ca: true,
    pathLength: 1,
    permitted: ["rook.example"],
    excluded: ["bad.rook.example"],
    purposes: ["2b06010505070301"],
  };
  return [mint(plain), mint(rich)].map(({ der }) => Buffer.from(der));
}
