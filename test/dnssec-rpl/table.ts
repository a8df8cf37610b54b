import { readdirSync, readFileSync } from "node:fs";
import { notApplicable } from "./applicable.ts";
import { play } from "./play.ts";
import type { Script } from "./script.ts";
import { parseScript } from "./script.ts";

/** What one script came to. */
export interface Row {
  readonly file: string;
  readonly verdict: "passed" | "failed" | "not applicable";
  /** Answers compared. */
  readonly checks: number;
  /** Scripts with `fake-sha1` are played with real signatures as well; this one does not come out the same then. */
  readonly faked: boolean;
  /** The differences, or why the script is not applicable. */
  readonly reason: string;
}

/** Plays every script of a folder, one after the other. */
export async function playFolder(folder: string, only = ""): Promise<readonly Row[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith("rpl") && name.includes(only));
  const rows: Row[] = [];
  for (const file of files.sort()) rows.push(await playFile(file, readFileSync(`${folder}/${file}`, "utf8")));
  return rows;
}

/** Plays one script from its text. */
export async function playFile(file: string, text: string): Promise<Row> {
  try {
    return await playScript(file, parseScript(text));
  } catch (reason) {
    return { file, verdict: "failed", checks: 0, faked: false, reason: String(reason) };
  }
}

async function playScript(file: string, script: Script): Promise<Row> {
  const real = await play(script, { faked: false });
  const fakes = ["fake-sha1", "fake-dsa"].some((option) => script.config.options.get(option)?.at(-1) === "yes");
  const judged = fakes ? await play(script, { faked: true }) : real;
  const { checks } = judged;
  const faked = fakes && real.differences.length > 0;
  const excused = judged.differences.length > 0 || checks === 0 ? notApplicable(file, script) : undefined;
  if (excused !== undefined) return { file, verdict: "not applicable", checks, faked: false, reason: excused };
  const verdict = judged.differences.length === 0 ? "passed" : "failed";
  return { file, verdict, checks, faked, reason: judged.differences.join("; ") };
}
