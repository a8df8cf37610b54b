import type { CertificateSpec, Scenario, Variant } from "../types.ts";

/** Group B: certificates. The attacker ends TLS himself unless the row is a mistake of the victim. */
export const GROUP_B: readonly Scenario[] = [
  { row: "B01", position: "AC", variants: [shows("", { by: "self" }), shows("unknown-ca", { by: "stranger" })] },
  { row: "B02", position: "AC", variants: [shows("", { names: ["mx.E"] })] },
  { row: "B03", position: "OP", variants: [mistaken("", { flaw: "expired" })] },
  { row: "B04", position: "OP", variants: [mistaken("not-yet-valid", { flaw: "not-yet-valid" })] },
  { row: "B05", position: "CA", variants: [shows("", {})] },
  {
    row: "B06",
    position: "AC",
    variants: [
      {
        id: "one-label-too-few",
        attack: {
          world: { mx: ["mx.sub.T"] },
          smtp: { "mx.sub.T": { kind: "terminate", certificate: { names: ["*.T"] } } },
        },
      },
      shows("part-of-a-label", { names: ["m*.T"] }),
      shows("star-alone", { names: ["*"] }),
      shows("star-at-the-top", { names: ["*.test"] }),
      shows("star-twice", { names: ["*.*.test"] }),
      shows("star-inside", { names: ["mx.*.test"] }),
    ],
  },
  {
    row: "B07",
    position: "AC",
    variants: [
      shows("common-name", { names: [], commonName: "mx.T" }),
      shows("nul", { names: ["mx.T\0.E"] }),
      shows("uri", { names: ["uri:DNS:mx.T"] }),
      shows("directory-name", { names: ["dir:DNS:mx.T"] }),
      shows("mail-address", { names: ["email:mx.T"] }),
      shows("address", { names: ["ip:0a000001"] }),
      shows("list-in-one", { names: ["mx.E, DNS:mx.T"] }),
      // RFC 9525 §6.3: names are compared as A-labels, whatever the octets of a U-label in a dNSName may be.
      uLabel("u-label", "m\u00fcx.T"),
      uLabel("u-label-in-utf-8", Buffer.from("m\u00fcx.T").toString("latin1")),
    ],
  },
  {
    row: "B08",
    position: "AC",
    variants: [
      shows("client-purpose", { flaw: "client-purpose" }),
      shows("issuer-no-ca", { flaw: "issuer-no-ca" }),
      shows("path-length", { flaw: "path-length" }),
      shows("name-constraints", { flaw: "name-constraints" }),
      shows("critical-unknown", { flaw: "critical-unknown" }),
    ],
  },
  { row: "B09", position: "OP", variants: [mistaken("", { intermediates: 1, omit: "intermediates" })] },
  { row: "B10", position: "AC", variants: [shows("", { keyOf: "mx.T" })] },
  {
    row: "B11",
    position: "OP",
    variants: [mistaken("rsa-1024", { flaw: "rsa-1024" }), mistaken("sha1", { flaw: "sha1" })],
  },
];

function shows(id: string, certificate: CertificateSpec): Variant {
  return { id, attack: { smtp: { "mx.T": { kind: "terminate", certificate } } } };
}

/** The victim's host is named by an A-label; the certificate says what that means. */
function uLabel(id: string, name: string): Variant {
  const host = "xn--mx-xka.T";
  const smtp = { [host]: { kind: "terminate", certificate: { names: [name] } } } as const;
  return { id, attack: { world: { mx: [host] }, smtp } };
}

/** No attacker: the victim's own host shows it. */
function mistaken(id: string, certificate: CertificateSpec): Variant {
  return { id, attack: { world: { hosts: { "mx.T": { owner: "victim", certificate } } } } };
}
