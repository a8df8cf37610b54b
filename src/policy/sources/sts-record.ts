import { err, ok, type Result } from "../../base/mod.ts";
import { withoutLeadingBlanks, withoutTrailingBlanks } from "./blanks.ts";

/** The record that announces an MTA-STS policy. */
export interface StsRecord {
  /** Changes with the policy; has no order (RFC 8461 §3.1). */
  readonly id: string;
}

/** Picks the one MTA-STS record among the TXT records at `_mta-sts`; an error says why there is none (RFC 8461 §3.1). */
export function selectStsRecord(records: readonly string[]): Result<StsRecord, string> {
  // RFC 8461 §3.1: what begins otherwise is no such record, and of several none counts.
  const candidates = records.filter((record) => record.startsWith(`${VERSION};`));
  const [only, second] = candidates;
  if (only === undefined) return err("no TXT record begins with v=STSv1;");
  if (second !== undefined) return err(`${candidates.length} TXT records begin with v=STSv1;`);
  return parseStsRecord(only);
}

function parseStsRecord(text: string): Result<StsRecord, string> {
  if (text.length > LONGEST_RECORD) return err("the record is too long");
  const parts = text.split(";").slice(1);
  const fields = trimmed(parts);
  // The last delimiter may stand alone.
  if (fields.at(-1) === "" && fields.length > 1) fields.pop();
  let id: string | undefined;
  for (const field of fields) {
    const equals = field.indexOf("=");
    const [name, value] = [field.slice(0, Math.max(equals, 0)), field.slice(equals + 1)];
    if (!NAME.test(name) || !VALUE.test(value)) return err(`${JSON.stringify(field.slice(0, QUOTED))} is no field`);
    if (name !== "id" || id !== undefined) continue;
    if (!ID.test(value)) return err("the id is not 1 to 32 letters and digits");
    id = value;
  }
  return id === undefined ? err("the record has no id") : ok({ id });
}

/** Blanks stand around a delimiter only, so not behind the last field when no delimiter follows it. */
function trimmed(parts: readonly string[]): string[] {
  return parts.map((part, at) => {
    const field = withoutLeadingBlanks(part);
    return at === parts.length - 1 ? field : withoutTrailingBlanks(field);
  });
}

const VERSION = "v=STSv1";
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;
const VALUE = /^[\x21-\x3a\x3c\x3e-\x7e]+$/;
const ID = /^[A-Za-z0-9]{1,32}$/;
const LONGEST_RECORD = 4096;
/** How much of a stranger's field is quoted. */
const QUOTED = 40;
