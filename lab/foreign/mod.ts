import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { err, ok, type Result } from "../../src/base/mod.ts";
import type { Sender } from "../report/mod.ts";
import type { RunOptions } from "../run/run.ts";
import type { LabResult } from "../types.ts";
import { type Asked, DRIVERS } from "./inside.ts";
import type { Foreign } from "./play.ts";
import { programPath } from "./program.ts";
import { FOREIGN, type ForeignName } from "./types.ts";

/** The program of that name, if the lab knows how to set it up. */
export function foreignName(word: string): ForeignName | undefined {
  return FOREIGN.find((name) => name === word);
}

/** Why the lab cannot be played against this program here; undefined when it can. */
export function whyNotHere(name: ForeignName): string | undefined {
  if (process.platform !== "linux") return "Other programs are attacked in network namespaces, which only Linux has";
  if (process.getuid?.() !== 0) {
    return `Only root can give ${name} a network of its own with ports 25 and 53; run the lab as root`;
  }
  const missing = [...DRIVERS[name].programs, "unbound", "unshare", "ip", "mount"].filter(
    (program) => programPath(program) === undefined,
  );
  return missing.length === 0 ? undefined : `Not installed here: ${missing.join(", ")}`;
}

/** Plays the lab against an unmodified program in a network of its own; the error says why that cannot be. */
export async function runForeign(
  name: ForeignName,
  options: RunOptions,
): Promise<Result<{ readonly result: LabResult; readonly sender: Sender }, string>> {
  const unfit = whyNotHere(name);
  if (unfit !== undefined) return err(unfit);
  const played = await inNamespaces({ sender: name, ...options }, options.progress);
  if (!played.ok) return played;
  const { configuration } = DRIVERS[name];
  return ok({ result: played.value.result, sender: { name, version: played.value.version, configuration } });
}

async function inNamespaces(
  { sender, seed, rows, policies }: Asked,
  progress: RunOptions["progress"],
): Promise<Result<Foreign, string>> {
  const asked = JSON.stringify({ sender, seed, rows, policies });
  const inside = fileURLToPath(new URL(import.meta.url.replace(/mod(\.[jt]s)$/, "inside$1")));
  const spaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const child = spawn(programPath("unshare") ?? "unshare", [...spaces, process.execPath, inside, asked], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said = (said + text.toString()).slice(-4000);
  });
  let played: Foreign | undefined;
  const ended = once(child, "close");
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as { readonly played?: Foreign; readonly done?: number; readonly total?: number };
    if (message.played !== undefined) played = message.played;
    else progress?.(message.done ?? 0, message.total ?? 0);
  }
  await ended;
  return played === undefined ? err(`${sender} could not be attacked: ${said.trim()}`) : ok(played);
}
