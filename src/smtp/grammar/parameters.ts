import { err, ok, type Result } from "../../base/mod.ts";

/** Parameters of MAIL or RCPT by keyword in upper case; without "=", the value is undefined. */
export type Parameters = ReadonlyMap<string, string | undefined>;

/** Cuts `esmtp-param` words apart (RFC 5321 §4.1.2); a keyword that stands there twice is a fault. */
export function parseParameters(text: string): Result<Parameters, string> {
  const parameters = new Map<string, string | undefined>();
  for (const word of text.split(" ")) {
    if (word === "") continue;
    const equals = word.indexOf("=");
    const keyword = (equals < 0 ? word : word.slice(0, equals)).toUpperCase();
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    if (!KEYWORD.test(keyword) || (value !== undefined && !VALUE.test(value))) {
      return err("A parameter is malformed");
    }
    if (parameters.has(keyword)) return err(`The parameter ${keyword} is given twice`);
    parameters.set(keyword, value);
  }
  return ok(parameters);
}

const KEYWORD = /^[A-Z0-9][A-Z0-9-]*$/;
/** RFC 5321 §4.1.2 esmtp-value, with the UTF-8 of RFC 6531 §3.3. */
const VALUE = /^[\x21-\x3c\x3e-\x7e\u{80}-\u{10ffff}]+$/u;
