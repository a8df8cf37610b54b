import type { Answer, Tlsa } from "../dns/mod.ts";
import type { Finding, Unknown } from "./finding.ts";
import { finding } from "./finding.ts";

/** Whether there is data, and everything on the way to it is proved. */
export function isSecureData(answer: Answer<unknown>): boolean {
  return (
    answer.kind === "data" &&
    answer.security === "secure" &&
    answer.chain.every(({ security }) => security === "secure")
  );
}

/** Whether an answer, be it data or absence, is proved. */
export function isSigned(answer: Answer<unknown>): boolean {
  return answer.kind !== "failure" && answer.security === "secure";
}

/** Proof failures as findings, once per record. */
export function bogusOf(record: string, answers: readonly Answer<unknown>[]): readonly Finding[] {
  const failed = answers.find((answer) => answer.kind === "failure" && answer.cause === "bogus");
  if (failed?.kind !== "failure") return [];
  return [finding("bogus", { record, there: failed.detail, should: "signatures that hold" })];
}

/** Answers that did not come. */
export function unknownOf(record: string, answers: readonly Answer<unknown>[]): readonly Unknown[] {
  const failed = answers.find((answer) => answer.kind === "failure" && answer.cause === "unavailable");
  return failed?.kind === "failure" ? [{ record, detail: failed.detail }] : [];
}

/** TLSA data as a zone file has it. */
export function tlsaText({ usage, selector, matching, data }: Tlsa): string {
  const hex = Buffer.from(data).toString("hex");
  return `${usage} ${selector} ${matching} ${hex.length > LONGEST_HEX ? `${hex.slice(0, LONGEST_HEX)}…` : hex}`;
}

/** What stands in DNS, in an order that does not change from one answer to the next. */
export function thereAre(texts: readonly string[]): string {
  return listed([...texts].sort());
}

export function listed(texts: readonly string[]): string {
  return texts.length === 0 ? "nothing" : texts.join(", ");
}

/** A SHA2-512 digest is shown whole, a certificate is not. */
const LONGEST_HEX = 128;
