import type { Attack, Scenario, TlsaSpec, Variant, WorldChange } from "../types.ts";
import { vector } from "./expect.ts";

/** Milliseconds; the rows below are made with it. */
const DAY = 86_400_000;

/** Group D: DANE. The victim's zone is signed, and P7 lies over it. */
export const GROUP_D: readonly Scenario[] = [
  row("D01", "OP", published("", { numbers: "3 1 1", data: "00".repeat(32) })),
  row("D02", "DN", onTlsa("", "nxdomain"), onTlsa("no-data", "nodata")),
  row("D03", "DN", onTlsa("servfail", "servfail"), onTlsa("silence", "silence")),
  row("D04", "OP", proved(world("", { tlsa: [] })), {
    ...world("self-signed", { tlsa: [], hosts: { "mx.T": { owner: "victim", certificate: { by: "self" } } } }),
  }),
  row(
    "D05",
    "DN",
    ...["T MX", "mx.T A", "_25._tcp.mx.T TLSA", "T DS"].map((at) => ({
      id: (at.split(" ")[1] ?? "").toLowerCase(),
      attack: { dns: [{ at, does: { kind: "bogus" } }] } satisfies Attack,
    })),
  ),
  row("D06", "OP", world("", { signing: { expiration: -DAY } })),
  row(
    "D07",
    "OP",
    world("future-inception", { signing: { inception: DAY } }),
    { ...world("clock-behind", { signing: { inception: -DAY / 2 } }), attack: off(-DAY, { inception: -DAY / 2 }) },
    { ...world("clock-ahead", { signing: { expiration: DAY / 2 } }), attack: off(DAY, { expiration: DAY / 2 }) },
  ),
  row("D08", "DN", { id: "", attack: { dns: [{ at: "*.T *", does: { kind: "unsigned" } }] } }),
  row("D09", "RG", {
    id: "",
    attack: {
      world: { signing: { ds: "none" }, hosts: { "mx.E": { owner: "attacker" } } },
      dns: [{ at: "T MX", does: { kind: "forge", records: ["T MX 10 mx.E"] } }],
    },
  }),
  row(
    "D10",
    "OP",
    proved({
      id: "",
      attack: { world: { mx: ["mx.P"], tlsa: [] }, dns: [{ at: "_25._tcp.mx.P TLSA", does: { kind: "servfail" } }] },
    }),
  ),
  row("D11", "DN", {
    id: "",
    attack: {
      world: { signed: false, signedOthers: true, mx: ["mx.P"], hosts: { "mx.E": { owner: "attacker" } } },
      dns: [{ at: "T MX", does: { kind: "forge", records: ["T MX 10 mx.E"] } }],
    },
  }),
  row(
    "D12",
    "OP",
    alias("at-the-expanded-name", { signedOthers: true, tlsa: [ee("_25._tcp.host.P", "host.P")] }),
    alias("at-the-original-name", { signedOthers: true, tlsa: [ee("_25._tcp.mx.T", "host.P")] }),
    alias("expanded-insecure", { tlsa: [ee("_25._tcp.mx.T", "host.P")] }),
    {
      ...alias("at-the-insecure-name", { tlsa: [ee("_25._tcp.host.P", "host.P")] }),
      expect: vector("P6 U, P7 B", "RFC 7672 §2.2.2: a TLSA record that is not secure is none"),
    },
  ),
  row("D13", "OP", ...unusableRecords().flatMap(([id, tlsa]) => unusable(id, { tlsa: [tlsa] }))),
  row("D14", "OP", ...trustAnchors()),
  row("D15", "OP", ...careless()),
  row(
    "D16",
    "MS",
    ...["", "03", "0301", "030101", `03010100${"00".repeat(30)}`, `030101${"00".repeat(33)}`].flatMap((rdata) =>
      unusable(`octets-${rdata.length / 2}`, {
        tlsa: [],
        add: [`_25._tcp.mx.T TLSA \\# ${rdata.length / 2} ${rdata}`.trimEnd()],
      }),
    ),
  ),
  row("D17", "MS", {
    id: "",
    attack: {
      world: {
        tlsa: [ee("_25._tcp.mx.T", "mx.T"), { at: "_25._tcp.mx.T", numbers: "3 1 2", data: "00".repeat(64) }],
      },
    },
  }),
  row(
    "D18",
    "OP",
    proved(world("port-465", { tlsa: [ee("_465._tcp.mx.T", "mx.T")] })),
    proved(world("at-the-domain", { tlsa: [ee("_25._tcp.T", "mx.T")] })),
  ),
  row("D19", "OP", world("", { signing: { ds: "unknown" } })),
  row("D22", "OP", published("", { numbers: "2 1 1", data: "ab".repeat(32) })),
  row("D23", "RG", {
    id: "",
    attack: { smtp: { "mx.T": { kind: "terminate", certificate: { keyOf: "mx.T" } } } },
  }),
];

function row(id: string, position: Scenario["position"], ...variants: readonly Variant[]): Scenario {
  return { row: id, position, base: "P6", variants };
}

function world(id: string, change: WorldChange): Variant {
  return { id, attack: { world: change } };
}

/** The MX answer is signed and the host's certificate is good, which REQUIRETLS takes for proof. */
function proved(variant: Variant): Variant {
  const because =
    "RFC 8689 §4.2.1: a signed MX answer and a certificate as RFC 6125 has it meet every step, with or without TLSA";
  return { ...variant, expect: vector("P7 S", because) };
}

function published(id: string, record: Omit<TlsaSpec, "at">): Variant {
  return world(id, { tlsa: [{ at: "_25._tcp.mx.T", ...record }] });
}

function ee(at: string, of: string): TlsaSpec {
  return { at, numbers: "3 1 1", of };
}

function onTlsa(id: string, kind: "nxdomain" | "nodata" | "servfail" | "silence"): Variant {
  return { id, attack: { dns: [{ at: "_25._tcp.mx.T TLSA", does: { kind } }] } };
}

function off(clockOffset: number, signing: NonNullable<WorldChange["signing"]>): Attack {
  return { clockOffset, world: { signing } };
}

/** "mx.T" is an alias of a provider's host. */
function alias(id: string, change: WorldChange): Variant {
  return world(id, {
    remove: ["mx.T A"],
    add: ["mx.T CNAME host.P"],
    hosts: { "host.P": { owner: "victim" } },
    ...change,
  });
}

function unusableRecords(): readonly (readonly [string, TlsaSpec])[] {
  const at = "_25._tcp.mx.T";
  return [
    ["usage-0", { at, numbers: "0 1 1", of: "mx.T", nth: 1 }],
    ["usage-1", { at, numbers: "1 1 1", of: "mx.T" }],
    ["selector-9", { at, numbers: "3 9 1", of: "mx.T" }],
    ["matching-7", { at, numbers: "3 1 7", of: "mx.T" }],
  ];
}

/** TLS is demanded, and nobody can be proved: intercepted by whoever stands there, never in clear. */
function unusable(id: string, change: WorldChange): readonly Variant[] {
  return [
    {
      id: `${id}-intercepted`,
      attack: { world: change, smtp: { "mx.T": { kind: "terminate", certificate: { by: "self" } } } },
    },
    {
      id: `${id}-stripped`,
      attack: {
        world: change,
        smtp: {
          "mx.T": { kind: "script", steps: [{ on: "EHLO", kind: "drop-lines", beginning: "STARTTLS" }] },
        },
      },
      expect: vector("P6 D, P7 B", "RFC 7672 §2.2: where no TLSA record can be used TLS is demanded all the same"),
    },
  ];
}

function trustAnchors(): readonly Variant[] {
  const at = "_25._tcp.mx.T";
  const chain = (
    id: string,
    certificate: NonNullable<NonNullable<WorldChange["hosts"]>[string]["certificate"]>,
    ...tlsa: readonly TlsaSpec[]
  ): Variant => world(id, { hosts: { "mx.T": { owner: "victim", certificate } }, tlsa });
  const fails = vector(
    "P6 D, P7 B",
    "RFC 7672 §3.1.2, §3.2.2: the anchor must be in the chain, and the leaf must bear the name",
  );
  return [
    chain("private-root", { by: "stranger", sendRoot: true }, { at, numbers: "2 0 1", nth: 1 }),
    chain("second-intermediate", { by: "stranger", intermediates: 2 }, { at, numbers: "2 1 1", nth: 2 }),
    chain("name-of-the-domain", { by: "stranger", sendRoot: true, names: ["T"] }, { at, numbers: "2 0 1", nth: 1 }),
    chain("whole-key", { by: "stranger", intermediates: 1 }, { at, numbers: "2 1 0", nth: 1 }),
    chain(
      "beside-a-leaf",
      { by: "stranger", sendRoot: true },
      { at, numbers: "2 0 1", data: "00".repeat(32) },
      ee(at, "mx.T"),
    ),
    { ...chain("anchor-not-sent", { by: "stranger" }, { at, numbers: "2 1 1", nth: 1 }), expect: fails },
    {
      ...chain("other-name", { by: "stranger", sendRoot: true, names: ["other.T"] }, { at, numbers: "2 0 1", nth: 1 }),
      expect: fails,
    },
  ];
}

/** With usage 3 neither name nor dates nor issuer count (RFC 7672 §3.1.1). */
function careless(): readonly Variant[] {
  const shown = {
    expired: { flaw: "expired" },
    "not-yet-valid": { flaw: "not-yet-valid" },
    "other-name": { names: ["mx.E"] },
    "self-signed": { by: "self" },
  } as const;
  return Object.entries(shown).map(([id, certificate]) =>
    world(id, { hosts: { "mx.T": { owner: "victim", certificate } } }),
  );
}
