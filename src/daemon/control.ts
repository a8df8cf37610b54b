import { controlSocketPath, type Drained, type Operator } from "./control_api.ts";
import { type ControlOptions, startControl } from "./control_server.ts";
import { drainOf } from "./drain.ts";
import { operatorOf, type OperatorParts } from "./operator.ts";
import type { PausableStore } from "./pause_sending.ts";

export interface Control extends AsyncDisposable {
  readonly operator: Operator;
  /** Resolves when a drain that somebody asked for over the socket is over. */
  readonly drained: Promise<Drained>;
}

export interface ControlParts extends Omit<OperatorParts, "drain"> {
  /** As delivery sees it. */
  readonly outgoing: PausableStore;
}

/** Opens the way by which an operator reaches the running daemon. */
export async function openControl(
  parts: ControlParts,
  takes: Pick<ControlOptions, "clock" | "messageSize">,
): Promise<Control> {
  const drain = drainOf({ clock: parts.clock, store: parts.outgoing, pauses: parts.pauses });
  const operator = operatorOf({ ...parts, drain });
  const drained = Promise.withResolvers<Drained>();
  const path = controlSocketPath(parts.config.data_dir);
  const server = await startControl(path, operator, { ...takes, drained: drained.resolve });
  return {
    operator,
    drained: drained.promise,
    async [Symbol.asyncDispose]() {
      // The server waits for its answers, and a drain is one.
      drain[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
