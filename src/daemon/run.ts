import { err, ok, type Result } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { publish } from "../observe/mod.ts";
import { startLog } from "../observe/io/mod.ts";
import { isAlreadyRunning } from "./already_running.ts";
import { type Daemon, startDaemon } from "./compose.ts";
import type { Operator } from "./control_api.ts";
import { ALONE } from "./place.ts";
import { dropPrivileges } from "./privileges.ts";
import { workerCount } from "./workers/count.ts";
import { startParent } from "./workers/parent.ts";
import { PATIENCE } from "./workers/patience.ts";

/** What a process does beside the daemon, such as answering those who watch it. */
export interface Beside {
  /** The daemon is ready. */
  open(operator: Operator): void;
  /** It stops from now on. */
  stopping(): void;
}

/** Runs until SIGTERM or SIGINT, then drains; the error says why it could not start. A second signal ends it at once. */
export async function runDaemon(
  config: Config,
  readAgain: () => Result<Config, readonly string[]> = () => ok(config),
  beside?: Beside,
): Promise<Result<void, string>> {
  const log = openLog(config);
  if (!log.ok) return log;
  using _log = log.value;
  // Before the start is over there is nothing to reload, and the signal must not end the process.
  let running: Daemon | undefined;
  let reloaded = Promise.resolve();
  process.on("SIGHUP", () => {
    if (running !== undefined) reloaded = reloaded.then(() => reload(running as Daemon, readAgain));
  });
  // From the first moment on: a client may be served before the start is over for us.
  const hard = new AbortController();
  const stopped = stopSignal(hard);
  const started = await start(config, hard.signal);
  if (!started.ok) return started;
  running = started.value;
  beside?.open(running.operator);
  await Promise.race([stopped, running.drained]);
  beside?.stopping();
  await running.stop();
  return ok(undefined);
}

/** In this process, or in processes of its own. */
async function start(config: Config, hard: AbortSignal): Promise<Result<Daemon, string>> {
  if (await isAlreadyRunning(config.data_dir)) {
    return err(`A daemon runs with data_dir ${config.data_dir} already: somebody answers at its control socket`);
  }
  const afterBind = (): Result<void, string> => dropPrivileges(config.user);
  if (workerCount(config) > 1) return await startParent(config, { afterBind, hard });
  return await startDaemon(config, { afterBind }, { ...ALONE, patience: PATIENCE });
}

function openLog(config: Config): Result<Disposable, string> {
  try {
    return ok(startLog({ ...config.log, hostname: config.hostname, shared: workerCount(config) > 1 }));
  } catch (error) {
    return err(`Cannot open the log ${config.log.target}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A configuration with mistakes changes nothing, and its mistakes are told. */
async function reload(daemon: Daemon, readAgain: () => Result<Config, readonly string[]>): Promise<void> {
  const read = readAgain();
  const problems = read.ok ? await daemon.reload(read.value).catch((error: unknown) => [String(error)]) : read.error;
  for (const text of problems) publish("hopseal:fault", { where: "reload", text });
  publish("hopseal:reloaded", { problems: problems.length });
}

/** Resolves at the first signal; `hard` is aborted at the second, and then the process ends. */
function stopSignal(hard: AbortController): Promise<void> {
  const exitNow = (): never => {
    hard.abort();
    process.exit(1);
  };
  return new Promise((resolve) => {
    const stop = (): void => {
      process.off("SIGTERM", stop);
      process.off("SIGINT", stop);
      process.once("SIGTERM", exitNow);
      process.once("SIGINT", exitNow);
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
}
