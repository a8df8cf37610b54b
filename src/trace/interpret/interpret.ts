import { type Bytes, utf8 } from "../../base/mod.ts";
import { compact } from "../compact.ts";
import { type HeaderField, scanFields } from "../fields.ts";
import { parseReceived } from "../parse/received.ts";
import type { Received } from "../parse/types.ts";
import { type Draft, hopFindings } from "./findings.ts";
import { fromOf, readHop } from "./hop.ts";
import { readMarks, TRACE_FIELDS } from "./marks.ts";
import { readOurs } from "./ours.ts";
import { pathFindings } from "./path-findings.ts";
import { delayBetween, skewEstimates, totalDelay } from "./time.ts";
import { findBoundary, trustOf } from "./trust.ts";
import type { Finding, Hop, InterpretOptions, Path } from "./types.ts";
import { allTls, weakestLinks } from "./weakest.ts";

/** A message (or its header section) as octets or text, its header fields in order, or Received fields, newest first. */
export type TraceInput = Bytes | string | readonly HeaderField[] | readonly Received[];

/**
 * Interprets the trace of a message by the definition in docs/received.md. Never throws; linear in the size of the
 * header.
 *
 * Without `ours` only the newest field is taken for a fact; everything else is what others claim.
 *
 * @example
 * const path = interpretTrace(await readFile("message.eml"), { ours: ["mx.rook.example"] });
 * path.weakestTls.facts; // { index: 0, strength: "tls" }
 */
export function interpretTrace(input: TraceInput, options: InterpretOptions = {}): Path {
  const { fields, received } = readInput(input);
  const ours = readOurs(options.ours ?? []);
  const confirmed = received.map((field) => fromOf(field)?.rdnsConfirmed === true);
  const boundary = findBoundary(received, confirmed, ours);
  const delays = received.map((field, at) => delayBetween(field, received[at + 1]));
  const drafts = received.map((field, index) =>
    readHop(field, {
      index,
      trust: trustOf(index, boundary, ours),
      delay: delays[index] ?? { kind: "unknown" },
      showUsers: options.showUsers === true,
    }),
  );
  const marks = readMarks(fields, drafts);
  const findings = [
    ...drafts.flatMap((hop, at) => hopFindings(hop, received[at] as Received, drafts[at + 1])),
    ...pathFindings({ hops: drafts, marks, ours, now: options.now }),
  ];
  return compact<Path>({
    hops: withCodes(drafts, findings),
    trustBoundaryIndex: boundary,
    weakestTls: weakestLinks(drafts),
    allTls: allTls(drafts),
    totalDelay: totalDelay(received),
    skewEstimates: skewEstimates(received, delays),
    submission: submissionOf(drafts),
    marks,
    findings,
    notes: notesOf(drafts, boundary, ours.empty),
  });
}

function readInput(input: TraceInput): { fields: readonly HeaderField[]; received: readonly Received[] } {
  if (typeof input === "string" || input instanceof Uint8Array) {
    const octets = typeof input === "string" ? utf8(input) : input;
    return readFields(scanFields(octets, { only: TRACE_FIELDS }).fields);
  }
  return areFields(input) ? readFields(input) : { fields: [], received: input };
}

function readFields(fields: readonly HeaderField[]): { fields: readonly HeaderField[]; received: readonly Received[] } {
  const received = fields.filter((field) => field.name.toLowerCase() === "received");
  return { fields, received: received.map((field) => parseReceived(field.raw)) };
}

function areFields(input: readonly HeaderField[] | readonly Received[]): input is readonly HeaderField[] {
  const [first] = input;
  return first !== undefined && "offset" in first;
}

function withCodes(drafts: readonly Draft[], findings: readonly Finding[]): Hop[] {
  const codes = drafts.map((): Finding["code"][] => []);
  for (const finding of findings) {
    const own = codes[finding.index];
    if (own !== undefined && !own.includes(finding.code)) own.push(finding.code);
  }
  return drafts.map((draft, at) => ({ ...draft, contradictions: codes[at] ?? [] }));
}

/** The oldest hop that tells how the message came into the mail system. */
function submissionOf(hops: readonly Draft[]): Path["submission"] {
  for (const hop of [...hops].reverse()) {
    if (hop.auth.state === "authenticated" && hop.protocol?.family !== "http")
      return { index: hop.index, how: "authenticated" };
    if (hop.protocol?.family === "http" || hop.via?.toUpperCase() === "HTTP") return { index: hop.index, how: "web" };
    // Only the first field can be the hand-over by a program on the machine.
    if (hop.index === hops.length - 1 && hop.tls.state === "local" && hop.from?.ip === undefined)
      return { index: hop.index, how: "local" };
  }
  return undefined;
}

function notesOf(hops: readonly Draft[], boundary: number, unconfigured: boolean): string[] {
  const notes: string[] = [];
  if (hops.length === 0) notes.push("There is no Received field");
  else if (unconfigured) notes.push("Our hosts are not configured, so only the newest field is taken for a fact");
  else if (boundary < 0) notes.push("The newest field was not written by one of our hosts, so every field is a claim");
  if (hops.some((hop) => hop.tls.state === "tls"))
    notes.push(
      "TLS says that the channel was encrypted; whether the sender checked the server's identity is not knowable here",
    );
  if (hops.some((hop) => hop.tls.evidence[0]?.text.endsWith("a loopback address") === true))
    notes.push(
      "Hops from a loopback address are taken as inside one machine; a proxy in front of the server looks the same",
    );
  if (hops.some((hop) => hop.tls.postQuantum === true)) notes.push("At least one hop used post-quantum key exchange");
  return notes;
}
