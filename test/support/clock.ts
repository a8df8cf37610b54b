import type { Clock, Instant, Millis } from "../../src/base/mod.ts";

/** A clock that stands still until told; timers fire in order while it moves. */
export class ManualClock implements Clock {
  #now: Instant;
  #elapsed: Millis = 0;
  #asleep: Millis = 0;
  #serial = 0;
  readonly #timers = new Map<number, { at: Millis; fn: () => void }>();

  constructor(now: Instant = Date.UTC(2026, 2, 3, 8, 14, 7)) {
    this.#now = now;
  }

  now(): Instant {
    return this.#now;
  }

  monotonic(): Millis {
    return this.#elapsed;
  }

  asleep(): Millis {
    return this.#asleep;
  }

  after(delay: Millis, fn: () => void): Disposable {
    const key = this.#serial++;
    this.#timers.set(key, { at: this.#elapsed + delay, fn });
    return { [Symbol.dispose]: () => this.#timers.delete(key) };
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves on by `span`, firing what falls due on the way. */
  advance(span: Millis): void {
    const end = this.#elapsed + span;
    for (;;) {
      const next = [...this.#timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#now += next[1].at - this.#elapsed;
      this.#elapsed = next[1].at;
      next[1].fn();
    }
    this.#now += end - this.#elapsed;
    this.#elapsed = end;
  }

  /** Time passes while the machine sleeps, and no timer runs. */
  sleep(span: Millis): void {
    this.#now += span;
    this.#asleep += span;
  }

  /** Jumps wall time alone, as an operator or NTP does. */
  jump(span: Millis): void {
    this.#now += span;
  }
}
