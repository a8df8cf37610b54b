import type { Answer, DnsName } from "../../dns/mod.ts";
import type { DaneFacts, DaneQuestion } from "../types.ts";
import { askDns, type DaneAnswer, type DaneAsk } from "./dane-ask.ts";

/** The candidates for the TLSA base domain, in order, or why there is none (RFC 7672 §2.2.2). */
export function* baseDomains({
  host,
  addresses,
}: DaneQuestion): Generator<DaneAsk, readonly DnsName[] | DaneFacts, DaneAnswer> {
  const used = addresses.filter((answer) => answer.kind === "data");
  const [first] = used;
  if (first === undefined) return withoutAddress(host.name, addresses);
  const name = host.name.toLowerCase();
  const [alias] = first.chain;
  const signed = used.every((answer) => answer.security === "secure");
  if (alias === undefined) {
    return signed ? [name] : { kind: "absent", why: `the addresses of ${host.name} are not signed` };
  }
  const final = first.chain.reduce((_, link) => link.target, name).toLowerCase();
  if (signed) return final === name ? [name] : [final, name];
  // RFC 7672 §2.1.3: what an answer with aliases says of its end does not tell how its beginning stands.
  const security = alias.security === "secure" ? "secure" : yield* securityOfAlias(name);
  if (typeof security !== "string") return security;
  return security === "secure" ? [name] : { kind: "absent", why: `neither ${host.name} nor its addresses are signed` };
}

function* securityOfAlias(name: DnsName): Generator<DaneAsk, "secure" | "insecure" | DaneFacts, DaneAnswer> {
  const answer = yield* askDns(name, "CNAME");
  if (answer.kind !== "failure") return answer.security;
  return { kind: "failed", cause: answer.cause, detail: `${name} CNAME: ${answer.detail}` };
}

function withoutAddress(name: string, addresses: readonly Answer<string>[]): DaneFacts {
  const failures = addresses.filter((answer) => answer.kind === "failure");
  const worst = failures.find((answer) => answer.cause === "bogus") ?? failures[0];
  if (worst !== undefined) return { kind: "failed", cause: worst.cause, detail: `${name}: ${worst.detail}` };
  return { kind: "absent", why: `${name} has no address` };
}
