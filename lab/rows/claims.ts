import type { Attack, PolicyId, Verdict } from "../types.ts";
import { CLAIMS_G } from "./claims_g.ts";
import { CLAIMS_MORE } from "./claims_more.ts";

/** A row in free text: what is played for it, and what must be seen then. */
export interface ClaimScenario {
  readonly row: string;
  /** What is claimed; one line. */
  readonly claim: string;
  readonly cells: readonly ClaimCell[];
}

export interface ClaimCell {
  readonly variant: string;
  readonly policy: PolicyId;
  readonly base?: Exclude<PolicyId, "P7">;
  readonly attack: Attack;
  /** Any of these must come of it. */
  readonly ends: readonly Verdict[];
  /** No octets on the wire may hold these; marks are spelt out. */
  readonly hidden?: readonly string[];
  /** The session's key exchange. */
  readonly ephemeral?: true;
  /** So many are sent about it. */
  readonly notices?: number;
  /** Domains of which a policy lies on the disk in the end, each in one file. */
  readonly stored?: readonly string[];
}

export const CLAIMS: readonly ClaimScenario[] = [
  {
    row: "A02",
    claim: "The wire shows names of hosts and sizes; sender, recipient and message stay inside TLS",
    cells: (["P1", "P3", "P5c", "P6"] as const).map((policy) => ({
      variant: "",
      policy,
      attack: {},
      ends: ["S", "U"],
      hidden: ["bo@T", "@sender.test>", "Subject:"],
    })),
  },
  {
    row: "A03",
    claim:
      "Keys are agreed upon with forward secrecy wherever a host must prove who it is; static RSA is refused there",
    cells: [
      ...(["P3", "P4", "P5c", "P6", "P7"] as const).map((policy) => ({
        variant: "ephemeral",
        policy,
        attack: {},
        ends: ["S"] as const,
        ephemeral: true as const,
      })),
      ...(["P3", "P4", "P5c", "P6"] as const).map((policy) => ({
        variant: "static-rsa",
        policy,
        attack: { world: { hosts: { "mx.T": { owner: "victim", tls: "TLSv1.2", ciphers: "kRSA" } } } } satisfies Attack,
        ends: ["D"] as const,
      })),
    ],
  },
  {
    row: "C12",
    claim: "Floods and loops in DNS end in a delivery, a delay or a return, within bounds",
    cells: [
      flood("101-mx", { remove: ["T MX"], add: numbers(101).map((at) => `T MX ${at + 1} h${at}.T`) }, ["D", "B"]),
      flood("500-addresses", { add: numbers(500).map((at) => `mx.T A 10.200.${at >> 8}.${at & 255}`) }, [
        "D",
        "B",
        "U",
      ]),
      flood(
        "chain-of-20",
        { remove: ["T MX"], add: ["T CNAME c0.T", ...numbers(20).map((at) => `c${at}.T CNAME c${at + 1}.T`)] },
        ["D", "B"],
      ),
      flood("alias-of-itself", { remove: ["mx.T A"], add: ["mx.T CNAME mx.T"] }, ["D", "B"]),
      flood("large-text", { add: numbers(200).map((at) => `_mta-sts.T TXT "${String(at).padEnd(250, "x")}"`) }, ["U"]),
    ],
  },
  {
    row: "C13",
    claim: "Where answers come and go nothing is lost or sent in clear, and the message arrives in the end",
    cells: (["P3", "P5c", "P6"] as const).map((policy) => ({
      variant: "",
      policy,
      attack: {
        dns: [
          { at: "T MX", does: { kind: "servfail" }, times: [1, 2] },
          { at: "mx.T A", does: { kind: "servfail" }, times: [1] },
        ],
        later: [{ by: 3 * day() }],
      },
      ends: ["S"],
    })),
  },
  {
    row: "E25",
    claim: "A policy that names hosts which are no more is fetched anew before anything is returned",
    cells: [
      {
        variant: "",
        policy: "P5c",
        attack: { world: { sts: { txt: ["v=STSv1; id=2;"], stored: ["old.T"] } } },
        ends: ["S"],
      },
    ],
  },
  {
    row: "E26",
    claim: "A new record beside an old policy delays nothing",
    cells: [{ variant: "", policy: "P5c", attack: { world: { sts: { txt: ["v=STSv1; id=2;"] } } }, ends: ["S"] }],
  },
  {
    row: "G06",
    claim: "The notice about a message that demanded protection does not carry it",
    cells: [
      {
        variant: "",
        policy: "P7",
        base: "P5c",
        attack: { world: { hosts: { "mx.T": { owner: "victim", requireTls: false } } } },
        ends: ["B"],
      },
    ],
  },
  ...CLAIMS_G,
  ...CLAIMS_MORE,
];

function flood(variant: string, world: NonNullable<Attack["world"]>, ends: readonly Verdict[]): ClaimCell {
  return { variant, policy: "P1", attack: { world }, ends };
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at);
}

function day(): number {
  return 86_400_000;
}
