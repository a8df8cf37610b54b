import { err, type Millis, ok, type Result } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { askDaemon } from "./control_client.ts";
import { controlSocketPath, type DaemonStatus, type Drained, type PauseChange, type Pauses } from "./control_api.ts";
import { faultText } from "./control_fault.ts";
import { changeQuery, openPauses } from "./pauses.ts";
import { dropPrivileges } from "./privileges.ts";

/** What an operator does to the daemon as a whole. Members throw an Error for people to read. */
export interface DaemonControl {
  /** While no daemon runs the change is for the next one. */
  change(
    word: "pause" | "resume",
    change: PauseChange,
  ): Promise<{ readonly paused: Pauses; readonly running: boolean }>;
  /** Resolves when the drain is over; `left` is what stays in the queue. */
  drain(
    timeout: Millis | undefined,
  ): Promise<Result<{ readonly drained: Drained; readonly left: number }, "not-running">>;
  status(): Promise<Result<DaemonStatus, "not-running">>;
}

export function daemonControl(config: Config): DaemonControl {
  const ask = async (
    method: "GET" | "POST",
    path: string,
    query?: URLSearchParams,
  ): Promise<Result<unknown, "not-running">> => {
    const call = { method, path, ...(query === undefined ? {} : { query }) };
    const answer = await askDaemon(controlSocketPath(config.data_dir), call);
    if (answer.ok) return answer;
    if (answer.error.kind === "not-running") return err("not-running");
    throw new Error(faultText(answer.error, config));
  };
  return {
    async change(word, change) {
      const answer = await ask("POST", word, changeQuery(change));
      if (answer.ok) return { paused: (answer.value as { paused: Pauses }).paused, running: true };
      // What root writes here, the daemon could not replace later.
      const dropped = dropPrivileges(config.user);
      if (!dropped.ok) throw new Error(dropped.error);
      return { paused: openPauses(config.data_dir).change(word, change), running: false };
    },
    async drain(timeout) {
      const query = new URLSearchParams(timeout === undefined ? {} : { timeout: String(timeout) });
      const answer = await ask("POST", "drain", query);
      return answer.ok ? ok(answer.value as { drained: Drained; left: number }) : answer;
    },
    async status() {
      const answer = await ask("GET", "status");
      return answer.ok ? ok(answer.value as DaemonStatus) : answer;
    },
  };
}
