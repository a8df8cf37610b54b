/**
 * MIME as far as transport needs it (RFC 2045, RFC 2046): the structure of a message, followed while it streams by, and the
 * conversion of 8-bit and binary content into 7-bit lines.
 */
export { convertTo7Bit } from "./convert.ts";
export type { Converted, ConvertOptions, ConvertTo7Bit, OpenContent, Refusal } from "./types.ts";
