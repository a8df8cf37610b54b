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
  /** `fake-sha1` scripts are played with real signatures first; this one passed only as the script says. */
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

async function playFile(file: string, text: string): Promise<Row> {
  try {
    return await playScript(file, parseScript(text));
  } catch (reason) {
    return { file, verdict: "failed", checks: 0, faked: false, reason: String(reason) };
  }
}

async function playScript(file: string, script: Script): Promise<Row> {
  const excused = notApplicable(file, script);
  if (excused !== undefined) return { file, verdict: "not applicable", checks: 0, faked: false, reason: excused };
  const real = await play(script, { faked: false });
  if (real.differences.length === 0) return { file, verdict: "passed", checks: real.checks, faked: false, reason: "" };
  if (script.config.options.get("fake-sha1")?.at(-1) === "yes") {
    const faked = await play(script, { faked: true });
    if (faked.differences.length === 0)
      return { file, verdict: "passed", checks: faked.checks, faked: true, reason: "" };
  }
  return { file, verdict: "failed", checks: real.checks, faked: false, reason: real.differences.join("; ") };
}
