import { type Result, unreachable } from "../../base/mod.ts";
import type { Resolver } from "../../dns/mod.ts";
import type { Domain } from "../../mail/mod.ts";
import type { StsAsk, StsFound, StsReply } from "../sources/sts.ts";
import type { StsTrouble } from "../types.ts";

/** Fetches the text of a policy file; never rejects. */
export type StsFetch = (domain: Domain, signal: AbortSignal) => Promise<Result<string, StsTrouble>>;

export interface StsWorld {
  readonly resolver: Resolver;
  readonly fetch: StsFetch;
  readonly signal: AbortSignal;
}

/** Answers what a discovery asks, to its end. Never rejects: a stop is an answer that does not come. */
export async function answerSts(walk: Generator<StsAsk, StsFound, StsReply>, world: StsWorld): Promise<StsFound> {
  let step = walk.next();
  while (step.done !== true) step = walk.next(await reply(step.value, world));
  return step.value;
}

async function reply(ask: StsAsk, { resolver, fetch, signal }: StsWorld): Promise<StsReply> {
  switch (ask.kind) {
    case "txt":
      try {
        return { kind: "txt", answer: await resolver.query(ask.name, "TXT", { signal, noCache: ask.noCache }) };
      } catch (error) {
        if (!signal.aborted) throw error;
        const detail = "the look-up was called off";
        return { kind: "txt", answer: { name: ask.name, chain: [], kind: "failure", cause: "unavailable", detail } };
      }
    case "fetch":
      return { kind: "fetch", result: await fetch(ask.domain, signal) };
    default:
      return unreachable(ask);
  }
}
