import { err, ok, type Result } from "../base/mod.ts";
import { type Domain, parseDomain } from "../mail/mod.ts";
import type { NamePattern } from "./types.ts";

/** Parses `mx.pine.example` or `*.pine.example`; a wildcard is the whole left-most label (RFC 9525 §6.3). */
export function parseNamePattern(text: string): Result<NamePattern, string> {
  const wild = text.startsWith("*.");
  const name = parseDomain(wild ? text.slice(2) : text, { utf8: true, trailingDot: true });
  if (!name.ok) return err(`${JSON.stringify(text)} is no MX name: ${name.error.detail}`);
  if (wild && !name.value.includes(".")) return err(`${JSON.stringify(text)} covers a whole top-level domain`);
  return ok((wild ? `*.${name.value}` : name.value) as NamePattern);
}

/** Parses `mx.pine.example`, or `.pine.example` as lists write what has one label more (STARTTLS Everywhere, RULES). */
export function parseSuffixPattern(text: string): Result<NamePattern, string> {
  if (text.startsWith("*")) return err(`${JSON.stringify(text)} is no MX name of a list`);
  return parseNamePattern(text.startsWith(".") ? `*${text}` : text);
}

/** The pattern that one name alone matches. */
export function namePattern(name: Domain): NamePattern {
  return name as string as NamePattern;
}

/** Compares without regard to case; `*` stands for exactly one label. */
export function matchesPattern(pattern: NamePattern, name: string): boolean {
  const plain = (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();
  if (!pattern.startsWith("*.")) return plain === pattern;
  const dot = plain.indexOf(".");
  return dot > 0 && plain.slice(dot) === pattern.slice(1);
}
