import type { Because, TlsDemand } from "../mail/mod.ts";
import { PLAIN } from "./level.ts";
import { daneWishes } from "./sources/dane-wish.ts";
import { listWishes } from "./sources/list.ts";
import { localWishes } from "./sources/local.ts";
import { gradeRemarks, messageWishes } from "./sources/message.ts";
import { stsWishes } from "./sources/sts-wish.ts";
import type { Finding, NextHost, TlsFacts } from "./types.ts";
import type { Said, Wish } from "./wish.ts";

/** What all sources say, those that are our own first. */
export function heard(facts: TlsFacts, demand: TlsDemand): Said {
  const asked = messageWishes(facts, demand);
  const wishes: Wish[] = [...localWishes(facts), ...modeWishes(facts.host), ...asked];
  const known: Finding[] = [];
  const remarks: Because[] = [];
  for (const said of [daneWishes(facts), stsWishes(facts), listWishes(facts)]) {
    wishes.push(...said.wishes);
    known.push(...said.known);
    remarks.push(...said.remarks);
  }
  remarks.push(...gradeRemarks(facts, demand));
  if (asked.length === 0) remarks.push(...demand.because);
  return { wishes, known, remarks };
}

/** RFC 8314 §3: where TLS begins with the first octet there is nothing to fall back to. */
function modeWishes(host: NextHost): readonly Wish[] {
  if (host.mode !== "implicit") return [];
  const says = `${host.name} port ${host.port} takes TLS from the first octet`;
  return [
    {
      policy: { source: "local", domain: host.name },
      level: "encrypt",
      expectation: PLAIN.encrypt,
      because: [{ source: "local", says, rule: "RFC 8314 §3" }],
    },
  ];
}
