import { write, writeSync } from "node:fs";
import { type Clock, type Millis, utf8 } from "../../base/mod.ts";
import { publish } from "../events.ts";

/** Appends lines to a descriptor, in order. */
export interface LogWriter {
  /** Never waits, never throws. What the target does not take is kept and tried again; beyond 4 MiB lines are lost, and counted. */
  write(line: string): void;
  /** Writes what waits, and these last lines, before it returns, as far as the target takes them. */
  end(last: readonly string[]): void;
}

export interface LogWriterOptions {
  readonly fd: number;
  /** Octets of one write that holds several lines; a longer line is a write of its own. */
  readonly longest: number;
  readonly clock: Clock;
}

export function logWriter({ fd, longest, clock }: LogWriterOptions): LogWriter {
  const waiting: Uint8Array[] = [];
  let size = 0;
  let lost = 0;
  /** Octets that are being written, or must be again; `retry` is set while they wait for that. */
  let current: Uint8Array | undefined;
  let retry: Disposable | undefined;
  let ended = false;

  const next = (): void => {
    retry = undefined;
    if (ended) return;
    current ??= taken(waiting, longest);
    if (current === undefined) return;
    write(fd, current, (error, written) => {
      if (error === null) size -= written;
      current = rest(current, error === null ? written : 0);
      if (error === null) tellLost();
      if (ended) finish();
      else if (error === null) next();
      else retry = clock.after(error.code === "EAGAIN" ? SOON : LATER, next);
    });
  };
  const tellLost = (): void => {
    if (lost === 0 || size > MOST / 2) return;
    const text = `${lost} lines were lost while the log could not be written`;
    lost = 0;
    publish("hopseal:fault", { where: "log", text });
  };
  const finish = (): void => {
    const all = current === undefined ? waiting : [current, ...waiting];
    current = undefined;
    for (const octets of all.splice(0)) if (!writeWhole(fd, octets)) return;
  };

  return {
    write(line) {
      const octets = utf8(line);
      if (ended || size + octets.length > MOST) {
        lost += 1;
        return;
      }
      size += octets.length;
      waiting.push(octets);
      if (current === undefined && retry === undefined) next();
    },
    end(last) {
      if (ended) return;
      ended = true;
      waiting.push(...last.map(utf8));
      const underway = current !== undefined && retry === undefined;
      retry?.[Symbol.dispose]();
      // What the system is writing ends by itself; the rest of it follows then.
      if (!underway) finish();
      else for (const octets of waiting.splice(0)) if (!writeWhole(fd, octets)) return;
    },
  };
}

/** As many of the first lines as one write may hold. */
function taken(waiting: Uint8Array[], longest: number): Uint8Array | undefined {
  let count = 0;
  for (let octets = 0; count < waiting.length; count += 1) {
    octets += waiting[count]?.length ?? 0;
    if (count > 0 && octets > longest) break;
  }
  const lines = waiting.splice(0, count);
  return lines.length < 2 ? lines[0] : Buffer.concat(lines);
}

function rest(octets: Uint8Array | undefined, written: number): Uint8Array | undefined {
  return octets === undefined || written >= octets.length ? undefined : octets.subarray(written);
}

/** False when the target takes no more. */
function writeWhole(fd: number, octets: Uint8Array): boolean {
  let patience = PATIENCE;
  for (let left = octets; left.length > 0; ) {
    try {
      left = left.subarray(writeSync(fd, left));
    } catch (error) {
      // A pipe that is full for the moment; its reader gets a second.
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN") || patience <= 0) return false;
      patience -= SOON;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SOON);
    }
  }
  return true;
}

const MOST = 4_194_304;
const SOON: Millis = 50;
const LATER: Millis = 1000;
const PATIENCE: Millis = 1000;
