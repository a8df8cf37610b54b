import { err, ok, type Millis, type Result } from "../../base/mod.ts";
import { parseNamePattern } from "../pattern.ts";
import type { NamePattern } from "../types.ts";
import { withoutLeadingBlanks, withoutTrailingBlanks } from "./blanks.ts";

/** A policy file as it was published (RFC 8461 §3.2). */
export interface StsPolicy {
  readonly mode: "enforce" | "testing" | "none";
  readonly mx: readonly NamePattern[];
  /** At most a year. */
  readonly maxAge: Millis;
  /** The lines as they stand there, for reports. */
  readonly lines: readonly string[];
}

/**
 * Parses a policy file; what is said twice counts the first time, what is unknown is passed over. Lines end with LF or
 * CRLF. An error says what is wrong (RFC 8461 §3.2).
 */
export function parseStsPolicy(text: string): Result<StsPolicy, string> {
  if (text.length > LONGEST_POLICY) return err(`the policy is longer than ${LONGEST_POLICY} octets`);
  const lines = linesOf(text);
  const said = new Map<string, string>();
  const mx: NamePattern[] = [];
  for (const line of lines) {
    const field = fieldOf(line);
    if (field === undefined) return err(`${JSON.stringify(line.slice(0, QUOTED))} is no line of a policy`);
    if (field.name === "mx") {
      const pattern = patternOf(field.value);
      if (!pattern.ok) return pattern;
      mx.push(pattern.value);
    } else if (!said.has(field.name)) said.set(field.name, field.value);
  }
  if (said.get("version") !== "STSv1") return err("the policy has no version: STSv1");
  const mode = MODES.find((one) => one === said.get("mode"));
  if (mode === undefined) return err("the policy has no mode: enforce, testing or none");
  const age = said.get("max_age") ?? "";
  if (!AGE.test(age)) return err("the policy has no max_age in seconds");
  if (mx.length === 0 && mode !== "none") return err("the policy names no mx");
  return ok({ mode, mx, maxAge: Math.min(Number(age), LONGEST_AGE) * 1000, lines });
}

function linesOf(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  while (lines.at(-1) === "") lines.pop();
  return lines;
}

function fieldOf(line: string): { readonly name: string; readonly value: string } | undefined {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  const value = withoutTrailingBlanks(withoutLeadingBlanks(line.slice(colon + 1)));
  return NAME.test(name) && value !== "" && !UNPRINTABLE.test(value) ? { name, value } : undefined;
}

// RFC 8461 §3.2: host names stand as A-labels.
function patternOf(text: string): Result<NamePattern, string> {
  if (!HOST.test(text)) return err(`${JSON.stringify(text.slice(0, QUOTED))} is no MX name`);
  return parseNamePattern(text);
}

const MODES = ["enforce", "testing", "none"] as const;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;
const UNPRINTABLE = /[\x00-\x1f\x7f]/;
const AGE = /^[0-9]{1,10}$/;
const HOST = /^[A-Za-z0-9*._-]*[A-Za-z0-9]$/;
/** A year, in seconds. */
const LONGEST_AGE = 31_557_600;
const LONGEST_POLICY = 65_536;
/** How much of a stranger's line is quoted. */
const QUOTED = 40;
