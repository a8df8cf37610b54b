import { selectTlsRptRecord } from "../tlsrpt/mod.ts";
import { bogusOf, thereAre } from "./answers.ts";
import { type Finding, finding } from "./finding.ts";
import type { Seen } from "./look.ts";
import { tlsRptText } from "./records.ts";
import type { Publication } from "./types.ts";

/** The record that asks for TLS reports (RFC 8460 §3). */
export function checkTlsRpt({ domain, tlsRpt: wanted }: Publication, { tlsRpt }: Seen): readonly Finding[] {
  const record = `_smtp._tls.${domain} TXT`;
  const should = wanted.length === 0 ? "v=TLSRPTv1; rua=mailto:…" : tlsRptText(wanted);
  if (tlsRpt.kind === "failure") return bogusOf(record, [tlsRpt]);
  const records = tlsRpt.kind === "data" ? tlsRpt.records : [];
  const there = thereAre(records);
  if (records.length === 0) {
    return [finding(wanted.length === 0 ? "tlsrpt-none" : "tlsrpt-missing", { record, there, should })];
  }
  if (records.filter((one) => one.startsWith("v=TLSRPTv1;")).length > 1) {
    return [finding("tlsrpt-several", { record, there, should })];
  }
  const selected = selectTlsRptRecord(records);
  if (!selected.ok) return [finding("tlsrpt-invalid", { record, there, should, detail: selected.error })];
  const same = [...selected.value.rua].sort().join() === [...wanted].sort().join();
  return wanted.length === 0 || same ? [] : [finding("tlsrpt-differs", { record, there, should })];
}
