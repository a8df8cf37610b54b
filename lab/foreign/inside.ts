import { EXIM } from "./exim.ts";
import { playForeign } from "./play.ts";
import { POSTFIX } from "./postfix.ts";
import type { Driver, ForeignName } from "./types.ts";

/** The process in the namespaces: takes what is asked for as its one argument, and answers in lines of JSON. */
export const DRIVERS: Readonly<Record<ForeignName, Driver>> = { postfix: POSTFIX, exim: EXIM };

export interface Asked {
  readonly sender: ForeignName;
  readonly seed: number;
  readonly rows?: readonly string[];
  readonly policies?: Parameters<typeof playForeign>[1]["policies"];
}

if (import.meta.main) {
  const { sender, policies, ...asked } = JSON.parse(process.argv[2] ?? "{}") as Asked;
  const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const played = await playForeign(DRIVERS[sender], {
    ...asked,
    ...(policies === undefined ? {} : { policies }),
    progress: (done, total) => say({ done, total }),
  });
  // Whatever the other program still does ends with the namespaces.
  process.stdout.write(`${JSON.stringify({ played })}\n`, () => process.exit(0));
}
