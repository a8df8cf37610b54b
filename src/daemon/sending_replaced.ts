import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/mod.ts";
import type { Sending } from "./sending.ts";

/** The sending side, which a changed configuration replaces; what the old one has under way comes to its end. */
export interface ReplaceableSending extends AsyncDisposable {
  readonly now: Sending;
  /** Rejects when the new one cannot be started, and then the old one goes on. */
  follow(config: Config): Promise<void>;
}

export async function replaceableSending(
  config: Config,
  start: (config: Config) => Promise<Sending>,
): Promise<ReplaceableSending> {
  const retired = new Set<Promise<void>>();
  let inForce = config;
  let now = await start(config);
  return {
    get now() {
      return now;
    },
    async follow(next) {
      if (isDeepStrictEqual(next, inForce)) return await now.reload();
      const old = now;
      now = await start(next);
      inForce = next;
      const ending = Promise.resolve(old[Symbol.asyncDispose]()).finally(() => retired.delete(ending));
      retired.add(ending);
    },
    async [Symbol.asyncDispose]() {
      await now[Symbol.asyncDispose]();
      await Promise.all(retired);
    },
  };
}
