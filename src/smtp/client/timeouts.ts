import type { Millis } from "../../base/mod.ts";

/** How long the client waits, per command and not per transaction (RFC 5321 §4.5.3.2). */
export interface Timeouts {
  readonly greeting: Millis;
  readonly hello: Millis;
  readonly starttls: Millis;
  readonly handshake: Millis;
  /** For each step of AUTH. */
  readonly auth: Millis;
  readonly mail: Millis;
  readonly rcpt: Millis;
  readonly data: Millis;
  /** For one block of content to leave. */
  readonly block: Millis;
  /** For the reply to the final dot, or to a BDAT. */
  readonly final: Millis;
  readonly rset: Millis;
  readonly quit: Millis;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

// RFC 5321 §4.5.3.2
export const TIMEOUTS: Timeouts = {
  greeting: 5 * MINUTE,
  hello: 5 * MINUTE,
  starttls: 2 * MINUTE,
  handshake: 2 * MINUTE,
  auth: 5 * MINUTE,
  mail: 5 * MINUTE,
  rcpt: 5 * MINUTE,
  data: 2 * MINUTE,
  block: 3 * MINUTE,
  final: 10 * MINUTE,
  rset: 5 * MINUTE,
  quit: 10 * SECOND,
};
