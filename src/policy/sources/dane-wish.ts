import { unreachable } from "../../base/mod.ts";
import { binds, daneNow, policyDomain } from "../precedence.ts";
import { refuse } from "../secure.ts";
import type { DaneFacts, TlsFacts } from "../types.ts";
import type { Said, Wish } from "../wish.ts";
import { silent } from "./published.ts";

/** What DANE asks of the host (RFC 7672 §2.2). */
export function daneWishes(facts: TlsFacts): Said {
  const dane = daneNow(facts);
  if (dane === undefined) return silent();
  if (dane.kind === "off" || dane.kind === "absent") return silent({ source: "dane", says: dane.why });
  const observed = binds(facts, "dane") ? {} : { observed: true };
  const policy = { source: "dane", domain: policyDomain(facts), ...("base" in dane ? { id: dane.base } : {}) } as const;
  return { wishes: [{ policy, ...wanted(dane, facts), ...observed }], known: [], remarks: [] };
}

function wanted(
  dane: Exclude<DaneFacts, { readonly kind: "off" | "absent" }>,
  { host }: TlsFacts,
): Pick<Wish, "level" | "expectation" | "because"> {
  switch (dane.kind) {
    case "usable": {
      const { records, names, base } = dane;
      const count = `${records.length} TLSA record${records.length === 1 ? "" : "s"} for ${base}`;
      const says = dane.mx === "secure" ? count : `${count}, which an unsigned MX answer names`;
      return {
        level: "secure",
        expectation: { kind: "authenticated", by: "dane", tlsa: records, names },
        because: [{ source: "dane", says, rule: dane.mx === "secure" ? "RFC 7672 §2.2" : "RFC 7672 §2.2.1" }],
      };
    }
    case "unusable": {
      const says = `no TLSA record for ${dane.base} can be used, which leaves TLS without authentication`;
      return {
        level: "encrypt",
        expectation: { kind: "encrypted" },
        because: [{ source: "dane", says, rule: "RFC 7672 §2.2" }],
      };
    }
    case "failed": {
      const says = `it could not be found out whether ${host.name} has TLSA records: ${dane.detail}`;
      // RFC 7672 §2.1.2
      const more = { source: "dane", rule: "RFC 7672 §2.1.2", cause: "dns-failure", result: "dnssec-invalid" } as const;
      return { level: "secure", expectation: refuse("skip-host", says, more), because: [] };
    }
    default:
      return unreachable(dane);
  }
}
