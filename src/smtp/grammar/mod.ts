/**
 * The language of SMTP: commands, replies, parameters and the framing of content. Nothing here knows a session: every
 * function gives a value or a typed fault, and every decoder gives the same result however its input is split.
 */
export * from "./ehlo.ts";
export * from "./format.ts";
export * from "./limits.ts";
export * from "./orcpt.ts";
export * from "./reply.ts";
export * from "./reply_decoder.ts";
export * from "./xtext.ts";
