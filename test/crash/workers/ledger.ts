import type { Status } from "../../../src/status/mod.ts";

/** What became of every message, as its sender and the sink saw it. */
export interface Verdict {
  readonly acknowledged: number;
  /** Acknowledged, and never arrived. */
  readonly lost: readonly string[];
  /** Arrived before the sender had sent all of it, or not as it was sent. */
  readonly early: readonly string[];
  /** Arrived although its sender was refused. */
  readonly refused: readonly string[];
  /** Arrived more often than kills explain. */
  readonly repeated: readonly string[];
  /** Messages that arrived without an acknowledgement, for their connection was lost: a sender would send them again. */
  readonly unanswered: number;
  /** Copies beyond the first. */
  readonly duplicates: number;
  /** Copies of the message that had the most. */
  readonly most: number;
}

export interface Ledger {
  readonly acknowledged: number;
  /** The sender has handed over the last octet of the content. */
  sent(name: string, content: Uint8Array): void;
  /** The reply; undefined when the connection was lost before it. */
  answered(name: string, code: number | undefined): void;
  arrived(content: Uint8Array, status: Status): void;
  killed(): void;
  judge(): Verdict;
}

interface Entry {
  content?: string;
  code?: number | undefined;
  readonly arrivals: number[];
  early: boolean;
}

export function openLedger(): Ledger {
  const entries = new Map<string, Entry>();
  const kills: number[] = [];
  let acknowledged = 0;
  const entry = (name: string): Entry => {
    const known = entries.get(name) ?? { arrivals: [], early: false };
    entries.set(name, known);
    return known;
  };
  /** Each copy after the first needs a kill of its own, after the one before it was on its way. */
  const explained = (arrivals: readonly number[]): boolean => {
    let from = -Infinity;
    for (let at = 1; at < arrivals.length; at++) {
      const earliest = Math.max(from, (arrivals[at - 1] ?? 0) - SLACK);
      const kill = kills.find((time) => time > earliest && time < (arrivals[at] ?? 0));
      if (kill === undefined) return false;
      from = kill;
    }
    return true;
  };
  return {
    get acknowledged() {
      return acknowledged;
    },
    sent(name, content) {
      entry(name).content = Buffer.from(content).toString("latin1");
    },
    answered(name, code) {
      entry(name).code = code;
      if (code === 250) acknowledged++;
    },
    arrived(content, status) {
      const text = Buffer.from(content).toString("latin1");
      const one = entry(/^Subject: (\S+)\r$/m.exec(text)?.[1] ?? "?");
      // Our own Received field is on top.
      if (one.content === undefined || !text.endsWith(one.content)) one.early = true;
      if (status.code === 250) one.arrivals.push(performance.now());
    },
    killed: () => void kills.push(performance.now()),
    judge() {
      const all = [...entries];
      const named = (fits: (one: Entry) => boolean): readonly string[] =>
        all.filter(([, one]) => fits(one)).map(([name]) => name);
      return {
        acknowledged,
        lost: named(({ code, arrivals }) => code === 250 && arrivals.length === 0),
        early: named(({ early }) => early),
        refused: named(({ code, arrivals }) => code !== undefined && code !== 250 && arrivals.length > 0),
        repeated: named(({ arrivals }) => !explained(arrivals)),
        unanswered: named(({ code, arrivals }) => code === undefined && arrivals.length > 0).length,
        duplicates: all.reduce((sum, [, { arrivals }]) => sum + Math.max(0, arrivals.length - 1), 0),
        most: Math.max(0, ...all.map(([, { arrivals }]) => arrivals.length)),
      };
    },
  };
}

/** Milliseconds by which we may see an arrival later than the kill that kept it from being recorded. */
const SLACK = 1000;
