import type { Clock, Result } from "../../base/mod.ts";
import { err, ok } from "../../base/mod.ts";
import { publish } from "../../observe/mod.ts";
import type { MessageCache, Mode } from "../cache/messages.ts";
import type { Exchange, ExchangeFault } from "../wire/exchange.ts";
import type { Message } from "../wire/message.ts";
import type { Transport } from "./transport.ts";

export interface ExchangeSettings {
  readonly clock: Clock;
  readonly cache: MessageCache;
  /** Under `checking-disabled` we are the judge; under `checked` the server is. */
  readonly mode: Mode;
}

/** A transport with a store before it. */
export function createExchange(transport: Transport, settings: ExchangeSettings): Exchange {
  const { clock, cache, mode } = settings;
  return {
    async ask(asked, options = {}): Promise<Result<Message, ExchangeFault>> {
      options.signal?.throwIfAborted();
      const question = { name: asked.name, type: asked.type, mode };
      const stored = options.noCache === true ? undefined : cache.get(question, clock.monotonic());
      publish("hopseal:dns-wanted", { from: stored === undefined ? "servers" : "memory" });
      if (stored?.kind === "message") return ok(stored.message);
      if (stored?.kind === "failure") return err(stored.fault);
      const asking = { name: asked.name, type: asked.type, cd: mode === "checking-disabled" };
      const reply = await transport.ask(asking, options.signal);
      if (reply.ok) cache.put(question, reply.value, clock.monotonic());
      else if (options.noCache !== true) cache.putFailure(question, reply.error, clock.monotonic());
      return reply;
    },
  };
}
