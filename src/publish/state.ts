import { unreachable } from "../base/mod.ts";
import type { Answer } from "../dns/mod.ts";
import { tlsaText } from "./answers.ts";
import type { Seen } from "./look.ts";
import type { DnsRecord } from "./types.ts";

/** Whether a record is published; `differs` means that another stands in its place. */
export type RecordState = "published" | "missing" | "differs" | "unknown";

/** Looks a record up in what was seen. */
export function stateOf(record: DnsRecord, seen: Seen): RecordState {
  switch (record.type) {
    case "MX":
      return stateIn(seen.mx, (one) => record.value.endsWith(` ${one.exchange.toLowerCase()}.`));
    case "TLSA": {
      const found = seen.hosts.flatMap(({ tlsa }) => tlsa).find(({ owner }) => owner === record.owner);
      return found === undefined ? "unknown" : stateIn(found.answer, (one) => tlsaText(one) === record.value);
    }
    case "TXT": {
      const answer = record.owner.startsWith("_mta-sts.") ? seen.sts : seen.tlsRpt;
      return stateIn(answer, (one) => squeezed(one) === squeezed(unquoted(record.value)));
    }
    case "A/AAAA": {
      if (seen.policyHost.some(({ kind }) => kind === "data")) return "published";
      return seen.policyHost.some(({ kind }) => kind === "failure") ? "unknown" : "missing";
    }
    default:
      return unreachable(record.type);
  }
}

function stateIn<T>(answer: Answer<T>, fits: (record: T) => boolean): RecordState {
  if (answer.kind === "failure") return "unknown";
  if (answer.kind !== "data") return "missing";
  return answer.records.some(fits) ? "published" : "differs";
}

/** Blanks and the last delimiter make no difference. */
function squeezed(text: string): string {
  const plain = text.replaceAll(" ", "").replaceAll("\t", "");
  return plain.endsWith(";") ? plain.slice(0, -1) : plain;
}

function unquoted(value: string): string {
  return value.slice(1, -1).split('" "').join("");
}
