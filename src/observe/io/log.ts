import { openSync } from "node:fs";
import { type DestinationStream, pino } from "pino";
import { type Clock, systemClock } from "../../base/mod.ts";
import { type EventName, type Events, subscribe } from "../events.ts";
import { calm } from "./log_calm.ts";
import { logWriter } from "./log_writer.ts";

export interface LogOptions {
  readonly level: "error" | "warn" | "info" | "debug";
  /** "stderr", "stdout", or a file to append to. */
  readonly target: string;
  readonly hostname: string;
  /** Which of several processes writes. */
  readonly worker?: number;
  /** Others write to the same target: no write is then so long that theirs may come in between. */
  readonly shared?: boolean;
  readonly clock?: Clock;
  /** For tests: takes the lines instead. */
  readonly stream?: DestinationStream;
}

/**
 * Writes every event as one JSON line until disposed, which writes out what waits. Events hold no secrets and no content,
 * so neither does the log. Throws when the file cannot be opened.
 */
export function startLog(options: LogOptions): Disposable {
  const clock = options.clock ?? systemClock;
  const longest = options.shared === true ? ATOMIC : UNSHARED;
  const own = options.stream === undefined ? logWriter({ fd: openTarget(options.target), longest, clock }) : undefined;
  const stream = options.stream ?? own;
  // Lines of one turn of the event loop are written together.
  const waiting: string[] = [];
  const flush = (): void => {
    for (const line of waiting.splice(0)) stream?.write(line);
  };
  const write = (line: string): void => {
    if (waiting.length === 0) setImmediate(flush);
    waiting.push(harmless(line));
  };
  const log = pino(
    { level: options.level, base: baseOf(options), timestamp: pino.stdTimeFunctions.isoTime },
    { write },
  );
  const tell = (name: EventName, level: LogOptions["level"], event: Events[EventName]): void => {
    if (log.isLevelEnabled(level)) log[level]({ event: name.slice("hopseal:".length), ...event });
  };
  const calmer = calm(clock, ([name, event]) => tell(name, CALMED[name], event));
  const subscriptions = [
    ...LINES.map(([name, level]) => subscribe(name, (event: Events[EventName]) => tell(name, level, event))),
    subscribe("hopseal:refused", (event) => calmer.take(["hopseal:refused", event])),
    subscribe("hopseal:limited", (event) => calmer.take(["hopseal:limited", event])),
    subscribe("hopseal:fault", (event) => calmer.take(["hopseal:fault", event])),
  ];
  return {
    [Symbol.dispose]() {
      for (const subscription of subscriptions) subscription[Symbol.dispose]();
      calmer[Symbol.dispose]();
      if (own === undefined) flush();
      else own.end(waiting.splice(0));
    },
  };
}

function baseOf({ hostname, worker }: LogOptions): object {
  return { host: hostname, ...(worker === undefined ? {} : { worker }) };
}

/** JSON leaves characters beyond ASCII as they are; those that steer a terminal or hide text are escaped. */
function harmless(line: string): string {
  return line.replace(STEERING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function openTarget(target: string): number {
  if (target === "stderr") return 2;
  return target === "stdout" ? 1 : openSync(target, "a", 0o600);
}

const LINES: readonly (readonly [EventName, "error" | "warn" | "info" | "debug"])[] = [
  ["hopseal:listening", "info"],
  ["hopseal:ready", "info"],
  ["hopseal:reloaded", "info"],
  ["hopseal:stopped", "info"],
  ["hopseal:accepted", "info"],
  ["hopseal:attempt", "info"],
  ["hopseal:policy", "warn"],
  ["hopseal:looked-up", "info"],
  ["hopseal:listed", "info"],
  ["hopseal:paused", "warn"],
];
/** What clients bring about as often as they like; a fault too, such as that of an alias that leads nowhere. */
const CALMED = { "hopseal:refused": "info", "hopseal:limited": "warn", "hopseal:fault": "error" } as const;
/** PIPE_BUF: what the system writes as one. */
const ATOMIC = 4096;
const UNSHARED = 16_384;
/** DEL and the C1 controls, line and paragraph separators, and what changes the direction of writing. */
const STEERING = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
