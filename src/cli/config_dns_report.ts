import type { PublicationLook } from "../daemon/mod.ts";
import { type DnsRecord, type Publication, recordsFor, stateOf } from "../publish/mod.ts";
import { EXIT } from "./exit.ts";

export interface DnsReport {
  readonly publication: Publication;
  /** Absent when nobody was asked. */
  readonly looked?: PublicationLook;
}

/** 1 when something is wrong, else 75 when something could not be found out, else 0; advice counts for nothing. */
export function exitOf({ looked }: DnsReport): number {
  if (looked === undefined) return EXIT.ok;
  if (looked.findings.some(({ severity }) => severity !== "advice")) return EXIT.finding;
  return looked.unknown.length > 0 ? EXIT.tryAgain : EXIT.ok;
}

/** The report for people, one line each. */
export function reportText(report: DnsReport): readonly string[] {
  const { publication, looked } = report;
  const records = recordsOf(report).flatMap(({ owner, type, value, what }, at) => [
    ...(at === 0 ? [`Records for ${publication.domain}`] : []),
    `  ${looked === undefined ? "" : `${SIGNS[statesOf(report)[at] ?? "unknown"].padEnd(10)} `}${owner}. ${type} ${value}`,
    `  ${looked === undefined ? "" : " ".repeat(11)}    ${what}`,
  ]);
  if (looked === undefined) return records;
  const findings = looked.findings.flatMap(({ severity, code, record, there, should, means }) => [
    "",
    `${severity}: ${record} (${code})`,
    `  ${means}`,
    `  there is   ${there}`,
    `  should be  ${should}`,
  ]);
  const unknown = looked.unknown.flatMap(({ record, detail }) => ["", `unknown: ${record}`, `  ${detail}`]);
  // What strangers publish must not steer the terminal.
  return [...records, ...findings, ...unknown, "", verdict(looked)].map((line) => line.replaceAll(CONTROL, "?"));
}

/** The report as JSON, version 1. */
export function reportJson(report: DnsReport): object {
  const { publication, looked } = report;
  const states = statesOf(report);
  return {
    version: 1,
    domain: publication.domain,
    records: recordsOf(report).map((record, at) => ({
      ...record,
      ...(looked === undefined ? {} : { state: states[at] }),
    })),
    ...(looked === undefined ? {} : { findings: looked.findings, unknown: looked.unknown }),
  };
}

/** For every mail host of ours that MX records name, and for this one in any case. */
function recordsOf({ publication, looked }: DnsReport): readonly DnsRecord[] {
  const named = (looked?.seen.hosts ?? []).filter(({ ours, named }) => ours && named).map(({ name }) => name);
  return recordsFor(publication, [...new Set([publication.hostname as string, ...named])]);
}

function statesOf(report: DnsReport): readonly (keyof typeof SIGNS)[] {
  const { looked } = report;
  return recordsOf(report).map((record) => (looked === undefined ? "unknown" : stateOf(record, looked.seen)));
}

function verdict({ findings, unknown }: PublicationLook): string {
  const count = (severity: string): number => findings.filter((one) => one.severity === severity).length;
  const found = [
    [count("error"), "error(s)"],
    [count("warning"), "warning(s)"],
    [count("advice"), "advice"],
    [unknown.length, "unknown"],
  ] as const;
  const said = found.flatMap(([number, word]) => (number === 0 ? [] : [`${number} ${word}`]));
  return said.length === 0 ? "Everything is published as it should be" : said.join(", ");
}

const CONTROL = /[\x00-\x1f\x7f-\x9f]/g;
const SIGNS = { published: "published", missing: "MISSING", differs: "DIFFERS", unknown: "unknown" } as const;
