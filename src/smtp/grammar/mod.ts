/**
 * The language of SMTP: commands, replies, parameters and the framing of content. Nothing here knows a session: every
 * function gives a value or a typed fault, and every decoder gives the same result however its input is split.
 */
export * from "./command.ts";
export * from "./content_facts.ts";
export * from "./data_decoder.ts";
export * from "./ehlo.ts";
export * from "./format.ts";
export * from "./framing.ts";
export * from "./limits.ts";
export * from "./line_decoder.ts";
export * from "./orcpt.ts";
export * from "./parse_command.ts";
export * from "./path.ts";
export * from "./proxy.ts";
export type * from "./proxy_header.ts";
export * from "./reply.ts";
export * from "./reply_decoder.ts";
export * from "./xtext.ts";
