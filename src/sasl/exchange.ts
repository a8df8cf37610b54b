import type { Bytes, Result } from "../base/mod.ts";

/** What a client proves itself with; it lives no longer than the exchange. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** The client's side of one mechanism. */
export interface ClientMechanism {
  /** As registered, in upper case. */
  readonly name: string;
  /** The fault says what about the login cannot be sent, and quotes none of it. */
  start(login: Login): Result<ClientExchange, string>;
}

/** An exchange at the client's side that waits for a challenge. */
export interface ClientExchange {
  /** What the client says first: with the command, or to an empty challenge. Absent where the server begins. */
  readonly initial?: Bytes;
  /** The response to a challenge that comes after `initial`; a fault means that the exchange must be given up. */
  next(challenge: Bytes): Result<ClientTurn, string>;
}

export interface ClientTurn {
  readonly response: Bytes;
  readonly rest: ClientExchange;
}
