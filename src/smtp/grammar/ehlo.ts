import type { Reply } from "./reply.ts";

/** What a server says to EHLO (RFC 5321 §4.1.1.1). */
export interface EhloReply {
  /** The server's name for itself; whatever stood there, unchecked. */
  readonly name: string;
  /** Parameters by keyword in upper case; of a repeated keyword the first one counts. */
  readonly keywords: ReadonlyMap<string, readonly string[]>;
}

/** Reads the 250 reply to EHLO; lines that are no keyword line are left out. */
export function parseEhloReply(reply: Reply): EhloReply {
  const [first = "", ...rest] = reply.lines;
  const keywords = new Map<string, readonly string[]>();
  for (const line of rest) {
    const [keyword = "", ...parameters] = line.split(" ").filter((word) => word !== "");
    const name = keyword.toUpperCase();
    if (KEYWORD.test(name) && !keywords.has(name)) keywords.set(name, parameters);
  }
  return { name: first.split(" ", 1)[0] ?? "", keywords };
}

/** The limit of SIZE in octets, 0 for none fixed; undefined when the parameter is malformed (RFC 1870 §4). */
export function parseSizeKeyword(parameters: readonly string[]): number | undefined {
  const [value] = parameters;
  if (value === undefined) return 0;
  return DIGITS.test(value) ? Number(value) : undefined;
}

const KEYWORD = /^[A-Z0-9][A-Z0-9-]*$/;
const DIGITS = /^\d{1,20}$/;
