import { publish as announce } from "../../../observe/mod.ts";
import { StoreError } from "../../port.ts";
import type { Patience } from "./patience.ts";
import type { Call, Calls, CallName, Fault, FromWorker, Outcome, ToWorker } from "./protocol.ts";
import { undo } from "./undo.ts";

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
      if (refusal !== undefined) return Promise.reject(errorOf({ ...refusal, unbegun: true }));
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
      for (const waiting of line.flying.splice(0)) refuse(line, waiting, fault);
      for (const waiting of line.queue.splice(0)) refuse(line, waiting, { ...fault, unbegun: true });
    },
  };
}

function settleAll(line: State, { outcomes: given, faults }: Answers): void {
  stopTimers(line);
  line.stalled = false;
  const answered = line.flying;
  line.flying = [];
  const outcomes = takeBack(line, answered, given);
  const ok = given.every((one) => one.ok || one.fault.kind === "bug");
  announce("hopseal:stored", { calls: answered.length, ok, took: performance.now() - line.sent });
  for (const text of faults) announce("hopseal:fault", { where: "queue", text });
  for (const [at, waiting] of answered.entries()) {
    const outcome = outcomes[at] as Outcome;
    line.octets -= waiting.octets;
    waiting.settle(outcome);
  }
}

/** Whether a call was refused before it was given to the thread, so that nothing of it can turn up. */
export function neverBegun(error: unknown): boolean {
  return error instanceof Error && UNBEGUN.has(error);
}

/** Commits that wait behind a stalled disk were never begun: to refuse them leaves nothing behind. */
function refuseWaiting(line: State): void {
  line.stalled = true;
  const commits = line.queue.filter(isCommit);
  line.queue = line.queue.filter((waiting) => !isCommit(waiting));
  for (const waiting of commits) refuse(line, waiting, { ...STALLED, unbegun: true });
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

/** Nobody was promised what abandoned commits have queued, so it must not be delivered: this comes before any claim. */
function takeBack(line: State, answered: readonly Waiting[], outcomes: readonly Outcome[]): readonly Outcome[] {
  const done = answered.filter(({ abandoned }, at) => abandoned === true && outcomes[at]?.ok === true);
  if (done.length === 0) return outcomes;
  const ids = new Set(done.flatMap(({ call }) => (call.name === "commit" ? call.messages.map(({ id }) => id) : [])));
  const group = answered.map(({ call }) => call);
  const { outcomes: left, calls } = undo(ids, group, outcomes);
  line.queue.unshift(...calls.map((call) => ({ call, transfer: [], octets: 0, settle: () => undefined })));
  return left;
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
  const error = new StoreError(fault.kind, fault.text, fault.id === undefined ? {} : { id: fault.id });
  if (fault.unbegun === true) UNBEGUN.add(error);
  return error;
}

export const CLOSED: Fault = { kind: "closed", text: "The queue is closed" };
const STALLED: Fault = { kind: "io", text: "The disk does not keep up with the mail that waits for it" };
/** Content that waits to be committed; beyond that commits are refused. */
const MOST_OCTETS = 64 * 1024 * 1024;
/** Calls in one group; more wait for the next, so that no group holds the others up for long. */
const MOST_CALLS = 512;
const UNBEGUN = new WeakSet<Error>();
