import { unreachable } from "../base/mod.ts";
import type { DaneFacts, StsFacts } from "../policy/mod.ts";
import type { ReportedPolicy } from "./types.ts";

/** The TLSA policy of a host for a report; undefined where DANE has no say. The records are sorted, for DNS has no order. */
export function tlsaPolicy(destination: string, dane: DaneFacts | undefined): ReportedPolicy | undefined {
  if (dane === undefined) return undefined;
  switch (dane.kind) {
    case "usable":
    case "unusable":
      return { type: "tlsa", strings: bounded(dane.records.map(tlsaText).sort()), domain: destination, mx: [] };
    case "failed":
      return { type: "tlsa", strings: [], domain: destination, mx: [] };
    case "off":
    case "absent":
      return undefined;
    default:
      return unreachable(dane);
  }
}

/** The MTA-STS policy for a report. A policy of mode `none` is not reported on (RFC 8461 §5). */
export function stsPolicy(destination: string, sts: StsFacts | undefined): ReportedPolicy | undefined {
  if (sts?.kind !== "policy" || sts.mode === "none") return undefined;
  return { type: "sts", strings: bounded(sts.lines), domain: destination, mx: bounded(sts.mx) };
}

type Tlsa = Extract<DaneFacts, { kind: "usable" }>["records"][number];

/** RFC 8460 §4.4: the presentation form, with single spaces. */
function tlsaText({ usage, selector, matching, data }: Tlsa): string {
  return `${usage} ${selector} ${matching} ${hex(data)}`;
}

function hex(data: Uint8Array): string {
  return Array.from(data, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

/** What strangers publish is kept only as far as a report can use it. */
function bounded(texts: readonly string[]): readonly string[] {
  return texts.slice(0, MOST_LINES).map((text) => text.slice(0, LONGEST_LINE));
}

const MOST_LINES = 64;
const LONGEST_LINE = 1100;
