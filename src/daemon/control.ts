import { isMeasured } from "../config/mod.ts";
import { startMetrics } from "../observe/io/mod.ts";
import { controlSocketPath, type Drained, type Operator } from "./control_api.ts";
import { type ControlOptions, startControl } from "./control_server.ts";
import { drainOf } from "./drain.ts";
import { operatorOf, type OperatorParts } from "./operator.ts";
import { type MeasureParts, measureOf } from "./measure.ts";
import type { PausableStore } from "./pause_sending.ts";
import { ALONE, type Place } from "./place.ts";
import { watchRecent } from "./recent.ts";

export interface Control extends AsyncDisposable {
  readonly operator: Operator;
  /** Resolves when a drain that somebody asked for over the socket is over. */
  readonly drained: Promise<Drained>;
}

export interface ControlParts extends Omit<OperatorParts, "drain" | "measure" | "recent" | "handed"> {
  /** As delivery sees it. */
  readonly outgoing: PausableStore;
  readonly lists?: MeasureParts["lists"];
}

/** Opens the way by which an operator reaches the running daemon; without a socket where a parent does it for its workers. */
export async function openControl(
  parts: ControlParts,
  takes: Pick<ControlOptions, "clock" | "messageSize">,
  place: Place = ALONE,
): Promise<Control> {
  const drain = drainOf({ clock: parts.clock, store: parts.outgoing, pauses: parts.pauses });
  const metrics = isMeasured(parts.config) ? await startMetrics() : undefined;
  const handed = place.parent !== undefined;
  const recent = watchRecent(parts.clock);
  const operator = operatorOf({ ...parts, drain, recent, measure: measureOf({ ...parts, metrics }), handed });
  const drained = Promise.withResolvers<Drained>();
  const path = controlSocketPath(parts.config.data_dir);
  const server =
    place.parent === undefined ? await startControl(path, operator, { ...takes, drained: drained.resolve }) : undefined;
  return {
    operator,
    drained: drained.promise,
    async [Symbol.asyncDispose]() {
      // The server waits for its answers, and a drain is one.
      drain[Symbol.dispose]();
      await server?.[Symbol.asyncDispose]();
      recent[Symbol.dispose]();
      metrics?.[Symbol.dispose]();
    },
  };
}
