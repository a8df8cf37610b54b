import type { Because } from "../../mail/mod.ts";
import { hostName, matchesOne } from "../names.ts";
import { namePattern } from "../pattern.ts";
import { refuse } from "../secure.ts";
import type { NamePattern, PolicyRef, TlsFacts } from "../types.ts";
import type { Said, Wish } from "../wish.ts";

/** A policy that names MX hosts: the host must be among them and show a trusted certificate for its own name. */
export interface NamedMx {
  readonly policy: PolicyRef;
  readonly mx: readonly NamePattern[];
  /** e.g. "the MTA-STS policy of pine.example". */
  readonly called: string;
  readonly rule: string;
}

/** RFC 8461 §4.1, §4.2; the patterns choose the host, the certificate is for the host's name and not for a pattern. */
export function expectNamedMx({ policy, mx, called, rule }: NamedMx, facts: TlsFacts): Wish["expectation"] {
  const { source } = policy;
  if (!matchesOne(mx, facts.host)) {
    return refuse("skip-host", `${facts.host.name} is not among the MX names of ${called}`, { source, rule });
  }
  const name = hostName(facts.host);
  if (name === undefined) {
    const says = `${JSON.stringify(facts.host.name)} is no name that a certificate can carry`;
    return refuse("skip-host", says, { source, rule });
  }
  return { kind: "authenticated", by: "webpki", names: [namePattern(name)] };
}

/** A source that asks for nothing, with its reason. */
export function silent(...remarks: readonly Because[]): Said {
  return { wishes: [], known: [], remarks };
}
