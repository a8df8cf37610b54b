import { publish as announce } from "../../../observe/mod.ts";
import { type QueueId, StoreError } from "../../port.ts";
import type { Patience } from "./patience.ts";
import type { Call, Calls, CallName, Fault, FromWorker, Outcome, ToWorker } from "./protocol.ts";

/** The calls that wait for the thread, and the group that is with it. */
export interface Line {
  call<N extends CallName>(
    name: N,
    request: Calls[N]["request"],
    transfer: readonly ArrayBuffer[],
  ): Promise<Calls[N]["answer"]>;
  /** The group is done. */
  answered(answers: Answers): void;
  /** Closes after what is under way; calls after that are refused. */
  close(): void;
  /** Refuses all that waits and all that comes. */
  end(fault: Fault): void;
}

type Answers = Extract<FromWorker, { kind: "answers" }>;

interface Waiting {
  readonly call: Call;
  readonly transfer: readonly ArrayBuffer[];
  readonly settle: (outcome: Outcome) => void;
  /** Octets of content in it. */
  readonly octets: number;
  /** Its commit was refused for the time that it took; should it succeed, it is undone. */
  abandoned?: true;
}

interface State {
  queue: Waiting[];
  flying: Waiting[];
  /** Octets of content in both. */
  octets: number;
  /** The group that is flying takes too long. */
  stalled: boolean;
  timers: readonly Disposable[];
  /** When the group that is flying was sent. */
  sent: number;
  /** Why calls are refused. */
  ended?: Fault;
}

/**
 * Whatever the program asks for in one turn of its loop goes into one group, and one group is with the thread. A disk
 * that stalls leads to refusals of new mail after a while, never to more and more memory.
 */
export function createLine(post: (message: ToWorker, transfer: ArrayBuffer[]) => void, patience: Patience): Line {
  const line: State = { queue: [], flying: [], octets: 0, stalled: false, timers: [], sent: 0 };
  let planned = false;
  const send = (): void => {
    planned = false;
    if (line.flying.length > 0) return;
    if (line.queue.length === 0) {
      if (line.ended !== undefined) post({ kind: "close" }, []);
      return;
    }
    line.flying = line.queue.splice(0, MOST_CALLS);
    line.sent = performance.now();
    const { timer, stalled, lost } = patience;
    line.timers = [timer.after(stalled, () => refuseWaiting(line)), timer.after(lost, () => abandon(line))];
    const calls = line.flying.map(({ call }) => call);
    post(
      { kind: "group", calls },
      line.flying.flatMap(({ transfer }) => transfer),
    );
  };
  const plan = (): void => {
    if (planned || line.flying.length > 0) return;
    planned = true;
    setImmediate(send);
  };
  return {
    call(name, request, transfer) {
      const call = { name, ...request } as Call;
      const octets = contentIn(call);
      const crowded = name === "commit" && (line.stalled || (octets > 0 && line.octets + octets > MOST_OCTETS));
      const refusal = line.ended ?? (crowded ? STALLED : undefined);
      if (refusal !== undefined) return Promise.reject(errorOf(refusal));
      line.octets += octets;
      return new Promise((resolve, reject) => {
        const settle = (outcome: Outcome): void => {
          if (outcome.ok) resolve(outcome.answer as never);
          else reject(errorOf(outcome.fault));
        };
        line.queue.push({ call, transfer, settle, octets });
        plan();
      });
    },
    answered(answers) {
      settleAll(line, answers);
      plan();
    },
    close() {
      if (line.ended !== undefined) return;
      line.ended = CLOSED;
      plan();
    },
    end(fault) {
      line.ended ??= fault;
      stopTimers(line);
      for (const waiting of [...line.flying.splice(0), ...line.queue.splice(0)]) refuse(line, waiting, fault);
    },
  };
}

function settleAll(line: State, { outcomes, faults }: Answers): void {
  stopTimers(line);
  line.stalled = false;
  const answered = line.flying;
  line.flying = [];
  const ok = outcomes.every((one) => one.ok || one.fault.kind === "bug");
  announce("hopseal:stored", { calls: answered.length, ok, took: performance.now() - line.sent });
  for (const text of faults) announce("hopseal:fault", { where: "queue", text });
  for (const [at, waiting] of answered.entries()) {
    const outcome = outcomes[at] as Outcome;
    line.octets -= waiting.octets;
    if (waiting.abandoned === true && outcome.ok) line.queue.unshift(...undoing(waiting.call));
    waiting.settle(outcome);
  }
}

/** Commits that wait behind a stalled disk were never begun: to refuse them leaves nothing behind. */
function refuseWaiting(line: State): void {
  line.stalled = true;
  const commits = line.queue.filter(isCommit);
  line.queue = line.queue.filter((waiting) => !isCommit(waiting));
  for (const waiting of commits) refuse(line, waiting, STALLED);
}

function abandon({ flying }: State): void {
  for (const waiting of flying.filter(isCommit)) {
    waiting.abandoned = true;
    waiting.settle({ ok: false, fault: STALLED });
  }
}

function refuse(line: State, waiting: Waiting, fault: Fault): void {
  line.octets -= waiting.octets;
  waiting.settle({ ok: false, fault });
}

function stopTimers({ timers }: State): void {
  for (const timer of timers) timer[Symbol.dispose]();
}

/** Nobody was promised what the call has queued, so it must not be delivered: this comes before any claim. */
function undoing(call: Call): Waiting[] {
  if (call.name !== "commit") return [];
  return call.messages.map(({ id }) => ({
    call: { name: "operate", filter: { message: id as QueueId }, operation: "drop", at: 0, from: 0 },
    transfer: [],
    octets: 0,
    settle: () => undefined,
  }));
}

function isCommit({ call }: Waiting): boolean {
  return call.name === "commit";
}

function contentIn(call: Call): number {
  if (call.name !== "commit") return 0;
  return call.messages.reduce((sum, { body }) => sum + (body?.length ?? 0), 0);
}

/** The error that a fault in the thread becomes for the caller. */
export function errorOf(fault: Fault): Error {
  if (fault.kind === "bug") return new Error(`Cannot do that: ${fault.text}`);
  return new StoreError(fault.kind, fault.text, fault.id === undefined ? {} : { id: fault.id });
}

export const CLOSED: Fault = { kind: "closed", text: "The queue is closed" };
const STALLED: Fault = { kind: "io", text: "The disk does not keep up with the mail that waits for it" };
/** Content that waits to be committed; beyond that commits are refused. */
const MOST_OCTETS = 64 * 1024 * 1024;
/** Calls in one group; more wait for the next, so that no group holds the others up for long. */
const MOST_CALLS = 512;
