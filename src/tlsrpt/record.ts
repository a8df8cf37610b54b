import { err, ok, type Result } from "../base/mod.ts";

/** The record with which a domain asks for TLS reports. */
export interface TlsRptRecord {
  /** mailto: and https: addresses, in their order; one at least. */
  readonly rua: readonly string[];
}

/** Picks the one record among the TXT records at `_smtp._tls`; an error says why there is none (RFC 8460 §3). */
export function selectTlsRptRecord(records: readonly string[]): Result<TlsRptRecord, string> {
  // RFC 8460 §3: what begins otherwise is no such record, and of several none counts.
  const candidates = records.filter((record) => record.startsWith(`${VERSION};`));
  const [only, second] = candidates;
  if (only === undefined) return err(`no TXT record begins with ${VERSION};`);
  if (second !== undefined) return err(`${candidates.length} TXT records begin with ${VERSION};`);
  return parseTlsRptRecord(only);
}

function parseTlsRptRecord(text: string): Result<TlsRptRecord, string> {
  if (text.length > LONGEST_RECORD) return err("the record is too long");
  const fields = text.split(";").slice(1).map(trimmed);
  // The last delimiter may stand alone.
  if (fields.at(-1) === "" && fields.length > 1) fields.pop();
  let rua: readonly string[] | undefined;
  for (const field of fields) {
    const equals = field.indexOf("=");
    const [name, value] = [field.slice(0, Math.max(equals, 0)), field.slice(equals + 1)];
    if (!NAME.test(name)) return err(`${JSON.stringify(field.slice(0, QUOTED))} is no field`);
    if (name !== "rua") {
      if (!VALUE.test(value)) return err(`${JSON.stringify(field.slice(0, QUOTED))} is no field`);
    } else if (rua === undefined) {
      const list = value.split(",").map(trimmed);
      const wrong = list.find((uri) => !URI.test(uri));
      if (wrong !== undefined) return err(`${JSON.stringify(wrong.slice(0, QUOTED))} is no mailto: or https: address`);
      rua = list;
    }
  }
  return rua === undefined ? err("the record has no rua") : ok({ rua });
}

function trimmed(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isBlank(text[from])) from++;
  while (to > from && isBlank(text[to - 1])) to--;
  return text.slice(from, to);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

const VERSION = "v=TLSRPTv1";
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;
const VALUE = /^[\x21-\x3a\x3c\x3e-\x7e]+$/;
/** "," "!" and ";" are percent-encoded. */
const URI =
  /^(?:mailto:[\x22-\x2b\x2d-\x3a\x3c-\x3f\x41-\x7e]+@[\x22-\x2b\x2d-\x3a\x3c-\x3f\x41-\x7e]+|https:\/\/[\x22-\x2b\x2d-\x3a\x3c-\x7e]+)$/i;
const LONGEST_RECORD = 4096;
/** How much of a stranger's field is quoted. */
const QUOTED = 60;
