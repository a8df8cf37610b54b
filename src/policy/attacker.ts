import { unreachable } from "../base/mod.ts";
import { stsNow } from "./precedence.ts";
import type { Proceed, TlsDecision, TlsFacts, TlsFloor } from "./types.ts";

/** What somebody who controls the network between us and the host, and our unsigned DNS answers, could still do; for people. */
export function attackerCould(decision: TlsDecision, facts: TlsFacts): readonly string[] {
  if (decision.kind !== "proceed") return ["keep the mail back for as long as this lasts, and nothing else"];
  return [...redirect(decision, facts), ...intercept(decision), ...outwait(decision, facts), ...always(decision)];
}

/** What can be had by answers about which host takes the mail. Only what is enforced keeps a host from being named. */
function redirect({ mx, floor, enforced = [] }: Proceed, { destination, host }: TlsFacts): readonly string[] {
  if (host.learnt !== "mx" || host.mxSecurity === "secure") return [];
  const naming = enforced.filter(({ policy, expectation }) => {
    return expectation.kind === "authenticated" && policy.source !== "dane";
  });
  if (naming.length === 0) {
    const own = floor.kind === "authenticated" ? "a host of its own that proves its own name" : "a host of its own";
    return [`name ${own} in the unsigned MX answer for ${destination}, and read and change the mail there`];
  }
  const list = naming.find(({ policy }) => policy.source === "list")?.policy.id;
  if (list !== undefined) return [`choose among the hosts that ${list} names for ${destination}`];
  return mx === "sts" ? [`choose among the hosts that the MTA-STS policy of ${destination} names`] : [];
}

function intercept({ floor }: Proceed): readonly string[] {
  switch (floor.kind) {
    case "any":
      return ["hide STARTTLS or break the handshake, and read and change the mail in plaintext"];
    case "encrypted":
      return ["answer in the host's place with any certificate, and read and change the mail"];
    case "authenticated":
      return [`pass for the host only with ${secretOf(floor)}`];
    default:
      return unreachable(floor);
  }
}

function secretOf(floor: TlsFloor & { readonly kind: "authenticated" }): string {
  switch (floor.by) {
    case "dane":
      return "a key that its TLSA records name, or the keys of its zone or of one above";
    case "webpki":
      return `a certificate for ${floor.names.join(" or ")} that a trusted authority should not have given`;
    case "pin":
      return "a key that is pinned";
    default:
      return unreachable(floor);
  }
}

/** What can be had by keeping a policy away. */
function outwait({ enforced = [] }: Proceed, facts: TlsFacts): readonly string[] {
  const sts = stsNow(facts);
  if (sts === undefined) return [];
  if (sts.kind !== "policy") return ["keep an MTA-STS policy away from us, for none is stored"];
  if (!enforced.some(({ policy }) => policy.source === "mta-sts")) return [];
  const ends = new Date(sts.expires).toISOString();
  return [`end the protection by MTA-STS by keeping its policy host away from us until ${ends}`];
}

function always({ requireTls, floor }: Proceed): readonly string[] {
  const seen = "see which host is contacted, when, and how much is sent";
  if (requireTls === true) return [seen, "send the message back to its sender by breaking TLS with every host"];
  return floor.kind === "any" ? [seen] : [seen, "keep the mail back by breaking the connection"];
}
