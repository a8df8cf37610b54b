import { StoreError } from "../../port.ts";
import { runCall } from "./calls.ts";
import type { Call, Fault, Outcome } from "./protocol.ts";
import { endChange, type Shard } from "./shard.ts";

export interface GroupResult {
  readonly outcomes: Outcome[];
  /** Buffers that move to the parent with the answers. */
  readonly transfer: ArrayBuffer[];
}

/**
 * Runs all calls in one transaction with one sync. A call that is refused leaves the others alone. When the database
 * fails for a reason that may be one call's (no space, too big, a damaged page), each is tried in a transaction of its own; an input or
 * output error, above all a failed sync, fails the whole group, and until the log is emptied every group after it.
 */
export function runGroup(shard: Shard, calls: readonly Call[], spaceMade?: Space): GroupResult {
  try {
    if (shard.doubtful) endDoubt(shard);
    const result = shard.db.transaction(() => runAll(shard, calls));
    endChange(shard, true);
    return result;
  } catch (error) {
    endChange(shard, false);
    shard.ready.reset();
    shard.faults.length = 0;
    const fault = faultOf(error);
    if (fault.kind === "io") shard.doubtful = true;
    const [call] = calls;
    if (calls.length === 1 && fault.kind === "no-space" && call !== undefined && call.name !== "commit") {
      const made = makeSpace(shard, spaceMade);
      if (made !== undefined) return runGroup(shard, calls, made);
    }
    if (calls.length === 1 || fault.kind === "io") {
      return { outcomes: calls.map(() => ({ ok: false, fault })), transfer: [] };
    }
  }
  const single = calls.map((call) => runGroup(shard, [call]));
  return { outcomes: single.flatMap((one) => one.outcomes), transfer: single.flatMap((one) => one.transfer) };
}

/**
 * Brings the log into the database while there is room. Without room all stays as it is, to be written on; what else goes
 * wrong goes wrong with the next group, which says so.
 */
export function tidyLog(shard: Shard): void {
  try {
    shard.db.emptyLog();
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === "no-space")) shard.doubtful = true;
  }
}

type Space = "log" | "reserve";

/**
 * What is queued must be able to leave a full disk: first the log, whose pages the database mostly has a place for, is
 * emptied, then the space is given up that was set aside. New mail has no claim to either.
 */
function makeSpace(shard: Shard, made: Space | undefined): Space | undefined {
  if (made === undefined) {
    try {
      shard.db.emptyLog();
      return "log";
    } catch {
      // Then the reserve must do.
    }
  }
  return made !== "reserve" && shard.giveUpReserve() ? "reserve" : undefined;
}

/**
 * After a failed sync the system may hold pages of the log for clean that never reached the disk, and a later sync says
 * nothing about them. So nothing is put behind them: what earlier syncs vouched for goes from the log into the database
 * file, which is synced, and the log begins anew. Throws when that fails too; it writes all pages again the next time.
 */
function endDoubt(shard: Shard): void {
  shard.db.emptyLog();
  shard.doubtful = false;
}

function runAll(shard: Shard, calls: readonly Call[]): GroupResult {
  const transfer: ArrayBuffer[] = [];
  const outcomes = calls.map((call): Outcome => {
    try {
      const answer = runCall(shard, call);
      if (call.name === "body") keepBuffer(answer, transfer);
      return { ok: true, answer };
    } catch (error) {
      if (isRefusal(error)) return { ok: false, fault: faultOf(error) };
      throw error;
    }
  });
  return { outcomes, transfer };
}

/** Whether the call ended before it changed anything: it found its row damaged, or itself senseless. SQLite's errors have a cause. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.cause === undefined;
}

function keepBuffer(answer: unknown, transfer: ArrayBuffer[]): void {
  const { body } = answer as { body?: Uint8Array<ArrayBuffer> };
  if (body !== undefined) transfer.push(body.buffer);
}

function faultOf(error: unknown): Fault {
  if (error instanceof StoreError) {
    return { kind: error.kind, text: error.message, ...(error.id === undefined ? {} : { id: error.id }) };
  }
  return { kind: "bug", text: error instanceof Error ? error.message : String(error) };
}
