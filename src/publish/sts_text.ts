import { createHash } from "node:crypto";
import { utf8 } from "../base/mod.ts";
import type { StsHosting } from "./types.ts";

/** The policy file, lines ended by CRLF (RFC 8461 §3.2). */
export function stsPolicyText({ mode, maxAge, mx }: StsHosting): string {
  const lines = ["version: STSv1", `mode: ${mode}`, ...mx.map((name) => `mx: ${name}`)];
  return [...lines, `max_age: ${Math.floor(maxAge / 1000)}`, ""].join("\r\n");
}

/**
 * The `id` of the record for a policy file: the first 20 hexadecimal digits of the SHA-256 of its text. It changes when the
 * text changes, and only then (RFC 8461 §3.1).
 */
export function stsPolicyId(text: string): string {
  return createHash("sha256").update(utf8(text)).digest("hex").slice(0, ID_DIGITS);
}

/** RFC 8461 §3.1: at most 32 letters and digits. */
const ID_DIGITS = 20;
