import { isDeepStrictEqual } from "node:util";
import { seededRandom, systemClock } from "../../src/base/mod.ts";
import { planDelivery } from "../../src/delivery/plan.ts";
import { domain, NULL_REVERSE_PATH, type ReversePath } from "../../src/mail/mod.ts";
import {
  admit,
  allowPlaintext,
  bindingDemand,
  confirmPeer,
  decide,
  type PolicySources,
  type Proceed,
  type Taking,
  tlsWord,
} from "../../src/policy/mod.ts";
import type { Handshake } from "../../src/tls/mod.ts";
import type { MailHostDoes, MailHostSpec } from "./policy-mail-host.ts";
import { demandOf, policiesOf, recipientDomain } from "./policy-errand.ts";
import type { Placed, PolicyWorld } from "./policy-world.ts";

/**
 * The pure half of a row: decides from the facts, and judges the certificates of the hosts as they stand in the table, with
 * nothing dialled. The `tls=` word that a delivery must come to, or "no" where no host may have the message.
 */
export async function foretold(
  placed: Placed,
  { world, sources, taking }: { readonly world: PolicyWorld; readonly sources: PolicySources; readonly taking: Taking },
): Promise<string> {
  const { row, name, published } = placed;
  const from: ReversePath = row.notice === true ? NULL_REVERSE_PATH : SOMEBODY;
  const demand = bindingDemand(demandOf(row), from);
  const { hop } = published;
  const via =
    hop === undefined
      ? ({ kind: "mx" } as const)
      : ({ kind: "smtp", mode: "starttls", ...hop, host: name(hop.host) } as const);
  const plan = await planDelivery(
    { destination: domain(recipientDomain(placed)), demand, via },
    {
      resolver: world.resolver,
      random: seededRandom(1),
      policies: policiesOf([placed]),
      self: { names: [], addresses: [] },
      port: 25,
      now: systemClock.now(),
      sources,
      taking,
    },
  );
  if (plan.kind !== "hosts") return "no";
  for (const host of plan.hosts) {
    if (host.facts === undefined) throw new Error("A host without facts");
    const decision = decide(host.facts, demand);
    if (!isDeepStrictEqual(decision, host.decision)) return "another decision";
    if (host.kind === "out" || decision.kind !== "proceed") continue;
    const spec = placed.at(host.addresses[0] ?? "");
    const word = spec === undefined || spec === "down" ? undefined : wordAt(spec, decision, demand);
    if (word !== undefined) return word;
  }
  return "no";
}

function wordAt(spec: MailHostSpec, decision: Proceed, demand: Parameters<typeof admit>[3]): string | undefined {
  if (spec.does === "greeting-554") return undefined;
  const secure = spec.sends !== undefined && !(spec.does !== undefined && BREAKS_TLS.has(spec.does));
  const proof = secure ? confirmPeer(decision, handshakeOf(spec)) : allowPlaintext(decision);
  if (proof.kind === "rejected") return undefined;
  const requireTls = spec.requireTls === (secure ? "inside" : "outside");
  const admitted = admit(proof, decision, { requireTls }, demand);
  if ("kind" in admitted) return undefined;
  return tlsWord(decision, proof);
}

function handshakeOf({ sends = [], chainError }: MailHostSpec): Handshake {
  return {
    session: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
    chain: sends.map(({ der }) => der),
    ...(chainError === undefined ? {} : { chainError }),
    resumed: false,
  };
}

const SOMEBODY: ReversePath = { kind: "mailbox", mailbox: { localPart: "ada", domain: domain("rook.example") } };
const BREAKS_TLS: ReadonlySet<MailHostDoes> = new Set([
  "starttls-454",
  "starttls-502",
  "reset-in-handshake",
  "garbage-in-handshake",
  "old-tls",
  "end-after-starttls",
  "end-after-handshake",
]);
