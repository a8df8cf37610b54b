import { parseEhloReply, parseLimits, parseSizeKeyword, type Reply } from "../grammar/mod.ts";
import type { Extensions } from "./types.ts";

/** What a 250 reply to EHLO offers. A keyword whose parameters make no sense is not offered. */
export function extensionsOf(reply: Reply): Extensions {
  const { keywords } = parseEhloReply(reply);
  const sizes = keywords.get("SIZE");
  const size = sizes === undefined ? undefined : parseSizeKeyword(sizes);
  const limits = keywords.get("LIMITS");
  return {
    pipelining: keywords.has("PIPELINING"),
    chunking: keywords.has("CHUNKING"),
    eightBitMime: keywords.has("8BITMIME"),
    binaryMime: keywords.has("BINARYMIME"),
    smtpUtf8: keywords.has("SMTPUTF8"),
    dsn: keywords.has("DSN"),
    starttls: keywords.has("STARTTLS"),
    requireTls: keywords.has("REQUIRETLS"),
    enhancedStatusCodes: keywords.has("ENHANCEDSTATUSCODES"),
    ...(size === undefined ? {} : { size }),
    auth: (keywords.get("AUTH") ?? []).map((mechanism) => mechanism.toUpperCase()),
    limits: limits === undefined ? {} : parseLimits(limits),
  };
}

/** A server that knows only HELO. */
export const NO_EXTENSIONS: Extensions = {
  pipelining: false,
  chunking: false,
  eightBitMime: false,
  binaryMime: false,
  smtpUtf8: false,
  dsn: false,
  starttls: false,
  requireTls: false,
  enhancedStatusCodes: false,
  auth: [],
  limits: {},
};
