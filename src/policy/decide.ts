import { unreachable } from "../base/mod.ts";
import { type Because, type Domain, parseDomain, type TlsDemand } from "../mail/mod.ts";
import { type Level, strongest } from "./level.ts";
import { type NoIdentity, securePeer } from "./secure.ts";
import { localWishes } from "./sources/local.ts";
import { messageWishes } from "./sources/message.ts";
import type { Expectation, NextHost, Proceed, Rung, TlsDecision, TlsFacts, TlsFloor } from "./types.ts";
import { standing, type Wish } from "./wish.ts";

/**
 * Folds everything that was found out about one host, and what the message asks for, into one decision. Total and pure;
 * made before dialling. Anything that has a say can only raise the floor; what may lower another is listed in `standing`.
 */
export function decide(facts: TlsFacts, demand: TlsDemand): TlsDecision {
  const wishes = standing([...localWishes(facts), ...modeWishes(facts.host), ...messageWishes(demand)], facts, demand);
  const level = wishes.reduce<Level>((most, wish) => strongest(most, wish.level), "may");
  const because = [...wishes.flatMap((wish) => wish.because), ...remarks(wishes, demand)];
  const floor = floorOf(level, facts, demand);
  if ("why" in floor) {
    return { kind: floor.kind, level, status: floor.status, because: [...because, floor.why] };
  }
  const enforced: readonly Expectation[] = wishes.map((wish) => ({
    policy: wish.policy.domain === "" ? { ...wish.policy, domain: facts.destination } : wish.policy,
    expectation: expectationOf(wish.level, floor),
  }));
  const defaults: Expectation = {
    policy: { source: "default", domain: facts.destination },
    expectation: { kind: "any" },
  };
  const inForce = enforced.length > 0 ? enforced : [defaults];
  return {
    kind: "proceed",
    level,
    floor,
    ...(demand.propagate ? { requireTls: true } : {}),
    sni: serverName(facts.host),
    ladder: ladderOf(floor),
    enforced: inForce,
    observe: [],
    policies: inForce.map((one) => one.policy),
    because,
  };
}

function floorOf(level: Level, facts: TlsFacts, demand: TlsDemand): TlsFloor | NoIdentity {
  switch (level) {
    case "may":
      return { kind: "any" };
    case "encrypt":
      return { kind: "encrypted" };
    case "secure":
      return securePeer(facts, demand);
    default:
      return unreachable(level);
  }
}

/** RFC 8314 §3: where TLS begins with the first octet there is nothing to fall back to. */
function modeWishes(host: NextHost): readonly Wish[] {
  if (host.mode !== "implicit") return [];
  const says = `${host.name} port ${host.port} takes TLS from the first octet`;
  return [
    {
      policy: { source: "local", domain: host.name },
      level: "encrypt",
      because: [{ source: "local", says, rule: "RFC 8314 §3" }],
    },
  ];
}

function remarks(wishes: readonly Wish[], demand: TlsDemand): readonly Because[] {
  const all: Because[] = demand.level === "may" ? [...demand.because] : [];
  if (wishes.every((wish) => wish.level === "may")) {
    all.push({ source: "default", says: "nothing asks for more than opportunistic TLS", rule: "RFC 3207 §4" });
  }
  return all;
}

/** What a policy of `level` expects by itself of a host whose floor is `floor`. */
function expectationOf(level: Level, floor: TlsFloor): TlsFloor {
  if (level === "may") return { kind: "any" };
  return level === "encrypt" ? { kind: "encrypted" } : floor;
}

/** An IP literal has no name (RFC 6066 §3). */
function serverName(host: NextHost): Domain | null {
  const name = host.literal ? undefined : parseDomain(host.name, { trailingDot: true });
  return name?.ok === true ? name.value : null;
}

function ladderOf(floor: TlsFloor): Proceed["ladder"] {
  return floor.kind === "any" ? [...TLS_RUNGS, { kind: "plaintext" }] : TLS_RUNGS;
}

/** A small ClientHello comes before any thought of plaintext: some middleboxes drop one that spans two packets. */
const TLS_RUNGS: readonly [Rung, Rung] = [
  { kind: "tls", hello: "full" },
  { kind: "tls", hello: "small" },
];
