import { unreachable } from "../../base/mod.ts";
import { compact } from "../compact.ts";
import type { HeaderField } from "../fields.ts";
import { bareName } from "./ours.ts";
import type { Draft } from "./findings.ts";
import { readResults } from "./results.ts";
import type { Mark } from "./types.ts";

/** The fields that interpretation looks at, in lower case. */
export const TRACE_FIELDS: ReadonlySet<string> = new Set([
  "received",
  "authentication-results",
  "arc-seal",
  "arc-message-signature",
  "arc-authentication-results",
  "dkim-signature",
  "received-spf",
  "tls-required",
]);

/**
 * Says which hop added each field. Trace fields are only ever put on top, so a field was added by the host that wrote the
 * next Received below it, or by one after that (RFC 8601 §4.1, RFC 6376 §5.6).
 */
export function readMarks(fields: readonly HeaderField[], hops: readonly Draft[]): Mark[] {
  const marks: Mark[] = [];
  let next = 0;
  for (const field of fields) {
    const name = field.name.toLowerCase();
    if (name === "received") next++;
    else if (isMark(name)) marks.push(readMark(name, field.value, hops[next]));
  }
  return marks;
}

function readMark(field: Mark["field"], value: string, hop: Draft | undefined): Mark {
  const details = detailsOf(field, value);
  const host = hop?.by?.name === undefined ? undefined : bareName(hop.by.name);
  const names = details.domain !== undefined && host !== undefined && sameSite(bareName(details.domain), host);
  return compact<Mark>({
    field,
    addedBy: hop?.index ?? null,
    confidence: names ? "asserted" : "inferred",
    trust: hop?.trust ?? "claimed",
    domain: details.domain,
    selector: details.selector,
    instance: details.instance,
    chain: details.chain,
    results: details.results,
  });
}

type Details = Partial<Pick<Mark, "domain" | "selector" | "instance" | "chain" | "results">>;

function detailsOf(field: Mark["field"], value: string): Details {
  switch (field) {
    case "authentication-results":
    case "arc-authentication-results": {
      const { instance, authservId, results } = readResults(value);
      return compact<Details>({ domain: authservId, selector: undefined, instance, chain: undefined, results });
    }
    case "arc-seal":
    case "arc-message-signature":
    case "dkim-signature":
      return signatureDetails(field, value);
    case "received-spf":
    case "tls-required":
      return {};
    default:
      return unreachable(field);
  }
}

/** RFC 6376 §3.2 tags; RFC 8617 §4.1. */
function signatureDetails(field: Mark["field"], value: string): Details {
  const tags = new Map<string, string>();
  for (const part of value.slice(0, LONGEST).split(";").slice(0, MOST_TAGS)) {
    const sign = part.indexOf("=");
    if (sign > 0) tags.set(part.slice(0, sign).trim().toLowerCase(), part.slice(sign + 1).replace(WHITE_SPACE, ""));
  }
  const number = Number(tags.get("i"));
  const arc = field !== "dkim-signature";
  return compact<Details>({
    domain: tags.get("d"),
    selector: tags.get("s"),
    instance: arc && Number.isInteger(number) && number > 0 ? number : undefined,
    chain: arc ? tags.get("cv")?.toLowerCase() : undefined,
    results: undefined,
  });
}

function sameSite(domain: string, host: string): boolean {
  return domain === host || host.endsWith(`.${domain}`);
}

function isMark(name: string): name is Mark["field"] {
  return name !== "received" && TRACE_FIELDS.has(name);
}

const LONGEST = 20_000;
const MOST_TAGS = 40;
const WHITE_SPACE = /\s+/g;
