import { closeSync, existsSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import type { SrsSecrets } from "../receive/mod.ts";
import { StartFailure } from "./seams.ts";

/**
 * The secrets of SRS, newest first; undefined when no domain rewrites senders. They lie in `data_dir/srs.secrets`, one a
 * line, made when they are first needed. A new one is put on top; an old one may go once what it made has expired.
 */
export function srsSecrets(config: Config, random: Random): SrsSecrets | undefined {
  if (!config.domain.some(({ srs }) => srs)) return undefined;
  const path = join(config.data_dir, "srs.secrets");
  try {
    create(path, random);
    const [first, ...rest] = readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#"));
    if (first === undefined || [first, ...rest].some((secret) => secret.length < SHORTEST))
      throw new Error(`each line needs at least ${SHORTEST} characters`);
    return [first, ...rest];
  } catch (error) {
    throw new StartFailure(`Cannot use ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Made whole beside and put in place unless one is there: several processes may come at once. */
function create(path: string, random: Random): void {
  if (existsSync(path)) return;
  const fresh = `${path}.${process.pid}.new`;
  const file = openSync(fresh, "w", 0o600);
  try {
    writeSync(file, `${Buffer.from(random.bytes(OCTETS)).toString("base64url")}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(fresh, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
}

const OCTETS = 32;
const SHORTEST = 16;
