import type { Clock, Millis, Result } from "../../base/mod.ts";
import { err } from "../../base/mod.ts";
import type { Exchange, ExchangeFault } from "../wire/exchange.ts";
import type { Message } from "../wire/message.ts";
import type { Question, Walk } from "./walk.ts";

export interface DriveOptions {
  readonly exchange: Exchange;
  readonly clock: Clock;
  /** Questions asked at most, counting what is asked ahead. */
  readonly queries: number;
  readonly deadline: Millis;
  readonly signal?: AbortSignal;
  readonly noCache?: boolean;
}

/** Runs a walk to its end. A spent budget or a passed deadline are faults that the walk sees; only an abort rejects. */
export async function drive<T>(walk: Walk<T>, options: DriveOptions): Promise<T> {
  options.signal?.throwIfAborted();
  const late = new AbortController();
  using _timer = options.clock.after(options.deadline, () => late.abort());
  const signal = options.signal === undefined ? late.signal : AbortSignal.any([options.signal, late.signal]);
  const ask = asker(options, signal, late.signal);
  let step = walk.next();
  while (step.done !== true) {
    // Whoever needs the answer meets its rejection; nobody may.
    for (const question of step.value.ahead ?? []) ask(question).catch(() => undefined);
    const answer = await ask(step.value);
    options.signal?.throwIfAborted();
    step = walk.next(answer);
  }
  late.abort();
  return step.value;
}

type Asked = Promise<Result<Message, ExchangeFault>>;

/** Asks each question once; what was asked ahead is there when its turn comes. */
function asker(options: DriveOptions, signal: AbortSignal, late: AbortSignal): (question: Question) => Asked {
  const asked = new Map<string, Asked>();
  let left = options.queries;
  return ({ name, type }) => {
    const key = `${type} ${name.key}`;
    const known = asked.get(key);
    if (known !== undefined) return known;
    if (left <= 0) {
      return Promise.resolve(err({ detail: `the answer needs more than ${options.queries} questions` }));
    }
    left--;
    const reply = answerOrFault(options, { name, type }, { signal, late });
    asked.set(key, reply);
    return reply;
  };
}

async function answerOrFault(
  { exchange, noCache, deadline }: DriveOptions,
  question: Question,
  { signal, late }: { readonly signal: AbortSignal; readonly late: AbortSignal },
): Asked {
  const passed = { detail: `no answer within ${deadline} ms` };
  if (late.aborted) return err(passed);
  try {
    return await exchange.ask(question, noCache === undefined ? { signal } : { signal, noCache });
  } catch (reason) {
    if (late.aborted || signal.aborted) return err(passed);
    throw reason;
  }
}
