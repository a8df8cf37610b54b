import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/mod.ts";
import { publish } from "../observe/mod.ts";
import type { DnssecMemory } from "./dnssec_guard.ts";

/**
 * Remembers in `directory` that DNSSEC has worked with these servers. Without it, whoever strips signatures would only
 * have to wait for a restart. Other servers have to prove themselves anew. A file that cannot be read counts as a proof:
 * mail that waits is noticed, mail that goes out unprotected is not.
 */
export function dnssecMemory(
  directory: string,
  about: Pick<Config["dns"], "dnssec" | "servers" | "tls">,
): DnssecMemory {
  const path = join(directory, FILE);
  const { dnssec, servers, tls } = about;
  const known = JSON.stringify({ dnssec, servers, ...(tls === undefined ? {} : { tls }) });
  return {
    get passed() {
      return wasProved(path, known);
    },
    remember() {
      try {
        write(path, `${JSON.stringify({ version: VERSION, with: known })}\n`);
      } catch (error) {
        report(path, error);
      }
    },
  };
}

function wasProved(path: string, known: string): boolean {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value !== "object" || value === null || !("with" in value) || value.with === known;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    report(path, error);
    return true;
  }
}

function write(path: string, text: string): void {
  // Every worker may write it, and all write the same.
  const fresh = `${path}.${process.pid}.new`;
  const file = openSync(fresh, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
}

function report(path: string, error: unknown): void {
  const text = `The memory of DNSSEC in ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  publish("hopseal:fault", { where: "dns", text });
}

const FILE = "dnssec-proved.json";
const VERSION = 1;
