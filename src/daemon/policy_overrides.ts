import type { Clock, Instant } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { publish } from "../observe/mod.ts";

/** Tells of each override in `[[tls_policy]]` that has ended, at once or when its time comes, until disposed. */
export function watchOverrides({ tls_policy }: Pick<Config, "tls_policy">, clock: Clock): Disposable {
  const timers = new Set<Disposable>();
  for (const { destination, level, override, until } of tls_policy) {
    if (override !== true || until === undefined) continue;
    const end = new Date(until).getTime();
    watch(end, { clock, timers, tell: () => tell(destination, level, end) });
  }
  return {
    [Symbol.dispose]() {
      for (const timer of timers) timer[Symbol.dispose]();
    },
  };
}

interface Watch {
  readonly clock: Clock;
  readonly timers: Set<Disposable>;
  readonly tell: () => void;
}

/** A clock may be set, and a timer may fire early when the time is far off. */
function watch(end: Instant, { clock, timers, tell }: Watch): void {
  const left = end - clock.now();
  if (left <= 0) return tell();
  const timer = clock.after(left, () => {
    timers.delete(timer);
    watch(end, { clock, timers, tell });
  });
  timers.add(timer);
}

function tell(domain: string, level: string, end: Instant): void {
  const text = `its override ended at ${new Date(end).toISOString()}; level "${level}" is an ordinary floor now, and what it publishes counts again`;
  publish("hopseal:policy", { domain, what: "override-ended", source: "local", text });
}
