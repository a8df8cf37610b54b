import type { Clock } from "../base/mod.ts";
import type { Drained, Operator } from "./control_api.ts";
import { type Answer, bad } from "./control_queue.ts";
import { readChange } from "./pauses.ts";

export interface PauseRequest {
  readonly query: URLSearchParams;
  readonly clock: Clock;
  readonly drained?: (how: Drained) => void;
}

/** POST /v1/pause, /v1/resume and /v1/drain; the last answers when the drain is over, which goes on without its asker. */
export async function answerPause(
  operator: Operator,
  word: "pause" | "resume" | "drain",
  request: PauseRequest,
): Promise<Answer> {
  if (word === "drain") return await drain(operator, request);
  const change = readChange(request.query);
  if (!change.ok) return bad(change.error);
  return { status: 200, body: { version: 1, paused: await operator[word](change.value) } };
}

async function drain(operator: Operator, { query, clock, drained }: PauseRequest): Promise<Answer> {
  const timeout = query.get("timeout");
  if (timeout !== null && !MILLISECONDS.test(timeout)) return bad("timeout takes a whole number of milliseconds");
  const how = await operator.drain(timeout === null ? undefined : clock.now() + Number(timeout));
  const { units } = (await operator.status()).queue;
  // Not before the answer could be written: what follows ends the process.
  setImmediate(() => drained?.(how));
  return { status: 200, body: { version: 1, drained: how, left: units } };
}

const MILLISECONDS = /^\d{1,12}$/;
