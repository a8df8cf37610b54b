import type { Attack, HostSpec, PolicyId } from "../types.ts";
import type { ClaimCell, ClaimScenario } from "./claims.ts";

/** Rows in words about lists, about what a message asks for, and about exceptions. */
export const CLAIMS_G: readonly ClaimScenario[] = [
  {
    row: "F03",
    claim: "A live MTA-STS policy counts before the list; the list counts where there is none",
    cells: [
      listed("sts-is-right", { world: { sts: { mx: ["mx.T"] } }, list: { mx: ["old.T"] } }, "S"),
      listed("list-is-right", { world: { sts: { mx: ["old.T"] } }, list: { mx: ["mx.T"] } }, "D"),
      listed("list-alone", { list: { mx: ["mx.T"] } }, "S"),
      listed("wrong-list-alone", { list: { mx: ["old.T"] } }, "D"),
    ],
  },
  {
    row: "G08",
    claim:
      "Fields of a stranger's message that look like our own marks, or like those of other programs, change nothing",
    cells: [
      forged("plain", "P1", {}, "U"),
      forged("stripped", "P5c", { smtp: { "mx.T": strip() } }, "D"),
      forged("stripped", "P1", { smtp: { "mx.T": strip() } }, "C"),
      forged("not-offered", "P7", { world: { hosts: { "mx.T": without() } } }, "B"),
    ],
  },
  {
    row: "G10",
    // RFC 5321 §6.1: what an alias of ours took must be returned, to whomever it names as its sender.
    claim:
      "REQUIRETLS of strangers for hosts elsewhere is refused while they wait, and nobody gets a notice; what an alias of ours sends on is returned once, without its content",
    cells: [
      { ...stranger("elsewhere", {}), notices: 0 },
      { ...stranger("alias", { by: "alias" }), notices: 1 },
    ],
  },
  {
    row: "M04",
    claim: "An exception for one destination ends by itself, and what it covered is enforced again",
    cells: [
      {
        variant: "",
        policy: "P5c",
        attack: {
          exceptionUntil: 86_400_000,
          smtp: { "mx.T": strip() },
          ahead: { messages: [{}], smtp: { "mx.T": strip() }, gap: 3 * 86_400_000 },
          mustTell: ['"tls":"may:plaintext"', '"what":"override-ended"'],
        },
        ends: ["D"],
      },
    ],
  },
];

function listed(variant: string, attack: Attack, end: "S" | "D"): ClaimCell {
  return { variant, policy: "P4", attack, ends: [end] };
}

function forged(variant: string, policy: PolicyId, attack: Attack, end: ClaimCell["ends"][number]): ClaimCell {
  const fields = [
    "Require-TLS-ESMTP: yes",
    "X-Hopseal-Demand: requiretls",
    "X-Hopseal-Override: may",
    "TLS-Required: Yes",
  ];
  return { variant, policy, attack: { ...attack, message: { fields } }, ends: [end] };
}

function stranger(variant: string, message: NonNullable<Attack["message"]>): ClaimCell {
  const attack = { world: { hosts: { "mx.T": without() } }, message: { ...message, stranger: true as const } };
  return { variant, policy: "P7", attack, ends: ["B"] };
}

function without(): HostSpec {
  return { owner: "victim", requireTls: false };
}

function strip(): NonNullable<Attack["smtp"]>[string] {
  return { kind: "script", steps: [{ on: "EHLO", kind: "drop-lines", beginning: "STARTTLS" }] };
}
