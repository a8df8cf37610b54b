import { binds, daneRules, policyDomain, stsReplacesList } from "../precedence.ts";
import type { TlsFacts } from "../types.ts";
import type { Said } from "../wish.ts";
import { expectNamedMx, silent } from "./published.ts";

/** What a list asks of the host; the destination's own word comes first (STARTTLS Everywhere, RULES). */
export function listWishes(facts: TlsFacts): Said {
  const { list } = facts;
  if (list?.kind !== "policy") return silent();
  if (daneRules(facts)) return silent({ source: "list", says: `TLSA records come before ${list.list}` });
  if (stsReplacesList(facts)) return silent({ source: "list", says: `MTA-STS comes before ${list.list}` });
  const called = `${list.list} about ${policyDomain(facts)}`;
  const policy = { source: "list", domain: policyDomain(facts), id: list.list } as const;
  const ended = facts.now < list.expires ? "" : `; it ended at ${new Date(list.expires).toISOString()} and still holds`;
  const observed = list.mode === "testing" || list.audited === true || !binds(facts, "list");
  const wish = {
    policy,
    level: "secure",
    expectation: expectNamedMx({ policy, mx: list.mx, called, rule: "RFC 9525 §6.1" }, facts),
    ...(observed ? { observed } : {}),
    because: [{ source: "list", says: `${called} says "${list.mode}"${ended}` }],
  } as const;
  return { wishes: [wish], known: [], remarks: [] };
}
