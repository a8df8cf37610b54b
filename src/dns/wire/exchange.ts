import type { Result } from "../../base/mod.ts";
import type { Message } from "./message.ts";
import type { Name } from "./name.ts";

/** Why no usable message came back; never anything that DNS itself said about the name. */
export interface ExchangeFault {
  /** For the operator: which servers were asked and what each did. */
  readonly detail: string;
}

export interface ExchangeOptions {
  readonly signal?: AbortSignal;
  /** Asks the servers even when a stored message is fresh. */
  readonly noCache?: boolean;
}

/**
 * One question to recursive resolvers with RD, CD and DO set; retries, other servers and TCP lie inside. The message
 * answers this very question. Any response code may come back; SERVFAIL and REFUSED of every server are a fault.
 * Rejects only for an abort.
 */
export interface Exchange {
  ask(
    question: { readonly name: Name; readonly type: number },
    options?: ExchangeOptions,
  ): Promise<Result<Message, ExchangeFault>>;
}
