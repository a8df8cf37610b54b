/** Says on standard error how far a long command is: nothing in its first seconds, then a line now and then. */
export interface Progress extends Disposable {
  /** Replaces what is said. */
  note(text: string): void;
}

export function startProgress(first: string): Progress {
  let text = first;
  const started = Date.now();
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    process.stderr.write(`hopseal: ${text} (${seconds} s)\n`);
  }, EVERY);
  timer.unref();
  return {
    note(next) {
      text = next;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

const EVERY = 3000;
