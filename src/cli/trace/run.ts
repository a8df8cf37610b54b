import { writeFile } from "node:fs/promises";
import { systemClock } from "../../base/mod.ts";
import { interpretTrace, type Path } from "../../trace/mod.ts";
import { CommandFailure, EXIT } from "../exit.ts";
import { print } from "../print.ts";
import { renderPage } from "./html.ts";
import { jsonWriter } from "./json.ts";
import { paintFor } from "./paint.ts";
import { progress } from "./progress.ts";
import { readMessages, type Message } from "./read.ts";
import { addToSummary, emptySummary, type Summary } from "./summary.ts";
import { renderSummary } from "./summary-text.ts";
import { renderPath } from "./text.ts";

export interface RunOptions {
  readonly ours?: readonly string[];
  readonly json?: boolean;
  readonly html?: string;
  readonly showUsers?: boolean;
  readonly now?: number;
}

/** One message and what its trace tells. */
export interface Traced {
  readonly source: string;
  readonly path: Path;
}

/** Reads every message of `source`, prints what was asked for, and returns the exit status. */
export async function runTrace(source: string, options: RunOptions): Promise<number> {
  const summary = emptySummary();
  const shown: Traced[] = [];
  const json = options.json === true ? jsonWriter((text) => process.stdout.write(text)) : undefined;
  const bar = progress(process.stderr, systemClock);
  for await (const message of readMessages(source, failReading)) {
    const traced = trace(message, options);
    addToSummary(summary, traced.path);
    json?.message(traced);
    if (shown.length < MOST_SHOWN) shown.push(traced);
    bar.step(summary.messages);
  }
  bar.done();
  if (summary.messages === 0) throw new CommandFailure(`${name(source)} holds no message`, EXIT.usage);
  if (options.html !== undefined) await writePage(options.html, shown, summary);
  if (json !== undefined) json.end(summary);
  else if (options.html === undefined) printText(shown, summary);
  else print(`Wrote ${JSON.stringify(options.html)}`);
  return summary.worthALook > 0 ? EXIT.finding : EXIT.ok;
}

function trace(message: Message, options: RunOptions): Traced {
  const path = interpretTrace(message.header, {
    now: options.now ?? systemClock.now(),
    ...(options.ours === undefined ? {} : { ours: options.ours }),
    showUsers: options.showUsers === true,
  });
  return { source: message.name, path };
}

function printText(shown: readonly Traced[], summary: Summary): void {
  const paint = paintFor(process.stdout);
  const [only] = shown;
  print(summary.messages === 1 && only !== undefined ? renderPath(only, paint) : renderSummary(summary, paint));
}

async function writePage(file: string, shown: readonly Traced[], summary: Summary): Promise<void> {
  try {
    await writeFile(file, renderPage(shown, summary));
  } catch (error) {
    throw new CommandFailure(`Cannot write ${JSON.stringify(file)}: ${(error as Error).message}`, EXIT.usage);
  }
}

function failReading(what: string, error: unknown): never {
  const reason = REASONS.get((error as NodeJS.ErrnoException).code ?? "") ?? (error as Error).message;
  throw new CommandFailure(`Cannot read ${name(what)}: ${reason}`, EXIT.usage);
}

function name(source: string): string {
  return source === "-" ? "Standard input" : JSON.stringify(source);
}

/** Messages that are kept for the page; the summary counts all. */
const MOST_SHOWN = 200;
const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file"],
  ["EACCES", "permission denied"],
  ["EISDIR", "it is a folder"],
]);
