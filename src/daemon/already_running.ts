import { connect } from "node:net";
import { controlSocketPath } from "./control_api.ts";

/**
 * Whether a daemon has this data directory: somebody listens at its control socket. What a dead one left there does not
 * answer, and workers whose parent died have no socket. Never rejects.
 */
export async function isAlreadyRunning(dataDir: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(controlSocketPath(dataDir));
    const told = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once("connect", () => told(true)).once("error", () => told(false));
  });
}
