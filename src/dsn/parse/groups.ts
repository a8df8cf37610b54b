import { err, type Instant, ok, type Result } from "../../base/mod.ts";
import type { Action } from "../wishes.ts";
import { parseDate } from "./date.ts";
import type { Fields } from "./lines.ts";

/** `type; value` (RFC 3464 §2.1.2); the type in lower case. */
export interface TypedValue {
  readonly type: string;
  readonly value: string;
}

/** RFC 3464 §2.2. */
export interface MessageReport {
  readonly reportingMta: TypedValue;
  readonly envelopeId?: string;
  readonly gateway?: TypedValue;
  readonly receivedFrom?: TypedValue;
  readonly arrivedAt?: Instant;
}

/** RFC 3464 §2.3. */
export interface RecipientReport {
  readonly original?: TypedValue;
  readonly final: TypedValue;
  readonly action: Action;
  /** x.y.z of RFC 3463. */
  readonly status: string;
  readonly remoteMta?: TypedValue;
  readonly diagnostic?: TypedValue;
  readonly lastAttempt?: Instant;
  readonly logId?: string;
  readonly retryUntil?: Instant;
}

export function readMessageGroup(fields: Fields, findings: string[]): Result<MessageReport, string> {
  const read = reader(fields, findings);
  const reportingMta = read.typed("reporting-mta");
  // RFC 3464 §2.2.2
  if (reportingMta === undefined) return err("its status names no Reporting-MTA");
  return ok({
    reportingMta,
    ...present("envelopeId", read.text("original-envelope-id")),
    ...present("gateway", read.typed("dsn-gateway")),
    ...present("receivedFrom", read.typed("received-from-mta")),
    ...present("arrivedAt", read.date("arrival-date")),
  });
}

export function readRecipientGroup(fields: Fields, findings: string[]): Result<RecipientReport, string> {
  const read = reader(fields, findings);
  const final = read.typed("final-recipient");
  if (final === undefined) return err("Final-Recipient is missing or malformed");
  const action = withoutComments(read.text("action") ?? "").toLowerCase();
  if (!isAction(action)) return err(`${JSON.stringify(action.slice(0, SHOWN))} is no action`);
  const status = withoutComments(read.text("status") ?? "");
  // RFC 3464 §2.3.4
  if (!STATUS.test(status)) return err(`${JSON.stringify(status.slice(0, SHOWN))} is no status code`);
  const retryUntil = read.date("will-retry-until");
  // RFC 3464 §2.3.9
  if (fields.has("will-retry-until") && action !== "delayed")
    findings.push(`Will-Retry-Until stands beside "${action}"`);
  return ok({
    ...present("original", read.typed("original-recipient")),
    final,
    action,
    status,
    ...present("remoteMta", read.typed("remote-mta")),
    ...present("diagnostic", read.typed("diagnostic-code")),
    ...present("lastAttempt", read.date("last-attempt-date")),
    ...present("logId", read.text("final-log-id")),
    ...present("retryUntil", retryUntil),
  });
}

interface Reader {
  text(name: string): string | undefined;
  typed(name: string): TypedValue | undefined;
  date(name: string): Instant | undefined;
}

/** Of a field that stands there twice the first counts, and it is a finding; so is a value that cannot be read. */
function reader(fields: Fields, findings: string[]): Reader {
  const text = (name: string): string | undefined => {
    const values = fields.get(name);
    if (values !== undefined && values.length > 1) findings.push(`${name} stands there ${values.length} times`);
    return values?.[0];
  };
  const read = <T>(name: string, parse: (value: string) => T | undefined): T | undefined => {
    const value = text(name);
    const parsed = value === undefined ? undefined : parse(value);
    if (value !== undefined && parsed === undefined) findings.push(`${name} cannot be read`);
    return parsed;
  };
  return { text, typed: (name) => read(name, typedValue), date: (name) => read(name, parseDate) };
}

function typedValue(text: string): TypedValue | undefined {
  const semicolon = text.indexOf(";");
  const type = withoutComments(text.slice(0, Math.max(semicolon, 0))).toLowerCase();
  const value = text.slice(semicolon + 1).trim();
  return ATOM.test(type) && value !== "" ? { type, value } : undefined;
}

/** RFC 3464 §2.1.1 */
function withoutComments(text: string): string {
  let depth = 0;
  const kept: string[] = [];
  for (const character of text) {
    if (character === "(") depth++;
    else if (character === ")" && depth > 0) depth--;
    else if (depth === 0) kept.push(character);
  }
  return kept.join("").trim();
}

function isAction(text: string): text is Action {
  return ACTIONS.has(text);
}

function present<K extends string, T>(key: K, value: T | undefined): { readonly [key in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: T };
}

const ACTIONS: ReadonlySet<string> = new Set(["failed", "delayed", "delivered", "relayed", "expanded"]);
const STATUS = /^[245]\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2})$/;
const ATOM = /^[!#$%&'*+\-/0-9=?A-Z^_`a-z{|}~.]{1,64}$/;
const SHOWN = 60;
