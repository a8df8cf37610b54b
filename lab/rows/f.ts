import type { Ahead, Attack, CertificateSpec, ListSpec, PolicyId, Scenario, Variant } from "../types.ts";
import { canSign } from "../run/list_signer.ts";
import { all } from "./expect.ts";

/** Group F: local rules, lists of policies, and connections and sessions that are used again. */
export const GROUP_F: readonly Scenario[] = [
  {
    row: "F01",
    position: "AC",
    variants: [
      {
        id: "",
        attack: {
          ...stripped(),
          list: { ends: day() },
          later: [{ by: 3 * day() }],
          mustTell: ["and is still enforced"],
        },
      },
    ],
  },
  ...(canSign() ? [tampered()] : []),
  {
    row: "F04",
    position: "DN",
    variants: [
      {
        id: "",
        attack: { ...spoofed(), ruleWithoutHosts: true },
        expect: all(
          ["P3"],
          "D",
          "RFC 7672 §1.3.2: the name of a host in an MX answer that nobody signed proves nothing",
        ),
      },
    ],
  },
  {
    row: "F05",
    position: "OP",
    variants: [
      // To an attacker who ends TLS the waived messages may go, and his connection is still there.
      { id: "unproved", policies: unproved(), attack: { ahead: burst({ by: "self" }) } },
      { id: "proved", attack: { ahead: burst() } },
    ],
  },
  { row: "F06", position: "AC", variants: [resumed("TLSv1.2"), resumed("TLSv1.3")] },
  {
    row: "F07",
    position: "AC",
    variants: [{ id: "", attack: { ...stripped(), ahead: { messages: [{}], gap: hour() } } }],
  },
];

function tampered(): Scenario {
  return {
    row: "F02",
    position: "HP",
    variants: [
      offered("changed-after-signing", { flaw: "changed-after-signing" }, "signature"),
      offered("strange-key", { flaw: "strange-key" }, "could not be renewed"),
      offered("no-signature", { flaw: "no-signature" }, "could not be renewed"),
      offered("older", { issued: -2 * day() }, "it is older"),
    ],
  };
}

function stripped(): Attack {
  return { smtp: { "mx.T": { kind: "script", steps: [{ on: "EHLO", kind: "drop-lines", beginning: "STARTTLS" }] } } };
}

/** The attacker is the mail host of the victim, by DNS, and has a good certificate for his own name. */
function spoofed(): Attack {
  return {
    world: { hosts: { "mx.E": { owner: "attacker" } } },
    dns: [{ at: "T MX", does: { kind: "forge", records: ["T MX 10 mx.E"] } }],
  };
}

/** A list that names the attacker's host comes in the place of the signed one. */
function offered(id: string, list: ListSpec, told: string): Variant {
  const { dns = [], ...rest } = spoofed();
  const move = { by: 3 * day(), attack: { dns, list: { ...list, mx: ["mx.E"] } } };
  return { id, attack: { ...rest, dns, list: { signed: true }, later: [move], mustTell: [told] } };
}

function burst(certificate?: CertificateSpec): Ahead {
  const messages = [1, 2, 3].map(() => ({ tlsRequiredNo: true as const, requireTls: false }));
  return certificate === undefined ? { messages } : { messages, smtp: { "mx.T": { kind: "terminate", certificate } } };
}

/** Who has the keys of the host's tickets goes on with a session that began at the host, and shows no certificate of it. */
function resumed(tls: "TLSv1.2" | "TLSv1.3"): Variant {
  return {
    id: tls.toLowerCase(),
    attack: {
      world: { hosts: { "mx.T": { owner: "victim", tls } } },
      ahead: { messages: [{}], gap: hour() },
      smtp: { "mx.T": { kind: "terminate", certificate: { names: ["mx.E"] }, tickets: true } },
    },
  };
}

function unproved(): readonly PolicyId[] {
  return ["P4", "P5f", "P5c", "P6", "P7"];
}

function hour(): number {
  return 3_600_000;
}

function day(): number {
  return 86_400_000;
}
