import type { Attack, Expectations, Scenario, Variant } from "../types.ts";
import { all, vector } from "./expect.ts";

/** Group C: DNS, and the choice of the host. The victim's zone is signed in P6 alone. */
export const GROUP_C: readonly Scenario[] = [
  { row: "C01", position: "DN", variants: [{ id: "", attack: spoofed({ "T MX": ["T MX 10 mx.E"] }, "mx.E") }] },
  {
    row: "C02",
    position: "DN",
    variants: [
      {
        id: "",
        attack: {
          world: { hosts: { "old.T": { owner: "attacker" } }, sts: { mx: ["*.T"] } },
          dns: [{ at: "T MX", does: { kind: "forge", records: ["T MX 10 old.T"] } }],
        },
        policies: ["P0", "P1", "P2", "P3", "P4", "P6"],
      },
      {
        id: "sts",
        attack: {
          world: { hosts: { "old.T": { owner: "attacker" } }, sts: { mx: ["*.T"], stored: ["*.T"] } },
          dns: [{ at: "T MX", does: { kind: "forge", records: ["T MX 10 old.T"] } }],
        },
        policies: ["P5t", "P5f", "P5c", "P7"],
      },
    ],
  },
  { row: "C03", position: "DN", variants: [{ id: "", attack: spoofed({ "mx.T A": ["mx.T A @mx.E"] }, "mx.E") }] },
  {
    row: "C04",
    position: "DN",
    variants: (["servfail", "refused", "silence", "truncate"] as const).map((kind) => ({
      id: kind,
      attack: { dns: [{ at: "T MX", does: { kind } }] },
    })),
  },
  {
    row: "C05",
    position: "DN",
    variants: [
      { id: "nxdomain", attack: { dns: [{ at: "T MX", does: { kind: "nxdomain" } }] }, expect: waits() },
      {
        id: "nodata-and-address",
        attack: {
          world: { hosts: { "mx.E": { owner: "attacker" } } },
          dns: [
            { at: "T MX", does: { kind: "nodata" } },
            { at: "T A", does: { kind: "forge", records: ["T A @mx.E"] } },
          ],
        },
        expect: vector(
          "P0 C, P1 P2 P5t I, P3 P4 P5f P5c P6 D, P7 B",
          "RFC 5321 §5.1: without MX the domain is its own host, so this is a forged address as in C03",
        ),
      },
    ],
  },
  {
    row: "C06",
    position: "DN",
    expect: waits(),
    variants: [{ id: "", attack: { dns: [{ at: "T MX", does: { kind: "forge", records: ["T MX 0 ."] } }] } }],
  },
  {
    row: "C07",
    position: "DN",
    variants: [
      {
        id: "",
        attack: {
          world: { hosts: { "mx.E": { owner: "attacker" } }, add: ["E MX 10 mx.E"], stsOfE: ["mx.E"] },
          dns: [
            { at: "T MX", does: { kind: "forge", records: ["T CNAME E"] } },
            { at: "T CNAME", does: { kind: "forge", records: ["T CNAME E"] } },
          ],
        },
      },
    ],
  },
  {
    row: "C08",
    position: "MS",
    policies: ["P1", "P2", "P3", "P4", "P5t", "P5f", "P5c", "P6", "P7"],
    variants: [
      ...[
        "A 127.0.0.1",
        "AAAA ::1",
        "A 10.0.0.1",
        "A 169.254.169.254",
        "AAAA fe80::1",
        "A 0.0.0.0",
        "AAAA ::ffff:7f00:1",
      ].map(inward),
      {
        id: "localhost",
        attack: { world: { remove: ["T MX"], add: ["T MX 10 localhost"] }, mustNotDial: ["localhost"] },
        expect: doubted(),
      },
      {
        id: "our-own-name",
        attack: { world: { remove: ["T MX"], add: ["T MX 10 mx.sender.test"] }, mustNotDial: ["mx.sender.test"] },
      },
    ],
  },
  {
    row: "C09",
    position: "AC",
    variants: [
      backup("stripped", { kind: "script", steps: [{ on: "EHLO", kind: "drop-lines", beginning: "STARTTLS" }] }),
      backup("intercepted", { kind: "terminate", certificate: { by: "self" } }),
    ],
  },
  {
    row: "C10",
    position: "DN",
    base: "P6",
    variants: [
      {
        id: "",
        attack: {
          world: { hosts: { "mx.E": { owner: "attacker" } } },
          dns: [{ at: "T MX", does: { kind: "forge", records: ["T MX 10 mx.E"], ad: true } }],
        },
      },
    ],
  },
];

function spoofed(forged: Readonly<Record<string, readonly string[]>>, host: string): Attack {
  return {
    world: { hosts: { [host]: { owner: "attacker" } } },
    dns: Object.entries(forged).map(([at, records]) => ({ at, does: { kind: "forge", records } })),
  };
}

/** The victim's host is said to stand where only we do. */
function inward(record: string): Variant {
  const [, address = ""] = record.split(" ");
  const attack = { world: { remove: ["mx.T A"], add: [`mx.T ${record}`] }, mustNotDial: ["mx.T"] };
  // RFC 5321 §5.1: the unspecified address is our own, and mail that leads back here is returned, whoever protects it.
  return address === "0.0.0.0" ? { id: address, attack } : { id: address, attack, expect: doubted() };
}

/** Whoever can forge an unsigned answer could else bounce the mail of a domain that somebody protects. */
function doubted(): Expectations {
  const because =
    "RFC 8461 §5.1: an unsigned answer that leads nowhere does not fail protected mail for good; it waits, as in C05";
  return all(["P2", "P3", "P4", "P5t", "P5f", "P5c", "P7"], "D", because);
}

/** The better host cannot be reached, and nothing vouches for the other. */
function backup(id: string, attack: NonNullable<Attack["smtp"]>[string]): Variant {
  return {
    id,
    attack: {
      world: {
        mx: ["mx.T"],
        hosts: { "backup.T": { owner: "victim" } },
        add: ["T MX 20 backup.T"],
      },
      smtp: { "mx.T": { kind: "refuse" }, "backup.T": attack },
    },
    expect: vector(
      `P0 C, P1 P5t P6 ${id === "stripped" ? "C" : "I"}, P2 ${id === "stripped" ? "D" : "I"}, P3 P4 P5f P5c P7 D`,
      becauseOf(id),
    ),
  };
}

/** The policy was fetched a moment ago, first contact or not. */
function waits(): Expectations {
  const because = "RFC 8461 §5.1: mail is not failed for good while a policy says that the domain has hosts; it waits";
  return all(["P5f"], "D", because);
}

function becauseOf(id: string): string {
  return id === "stripped"
    ? "RFC 5321 §4.5.4.1: the better host could not be reached and may be later, so nothing fails for good (P7); encrypt never goes in clear (P2)"
    : "RFC 7672 §2.2: a host without TLSA takes mail over TLS that proves nothing; whoever asks nobody is intercepted";
}
