import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";
import { accept } from "./accept.ts";
import { dnsLookups } from "./dns.ts";
import { type Effort, type Result, table } from "./figures.ts";
import { decisions } from "./policy.ts";
import { policyCost } from "./policy-cost.ts";
import { policyLookups } from "./policy-service.ts";
import { relay, relayTls } from "./relay.ts";
import { trace } from "./trace.ts";

/**
 * `npm run bench -- [all | NAME…] [--short]`: each measurement runs beside a peer and ends in a ratio, a line of JSON as
 * it comes; then all as a table for README.md. Exit 1 when a bound is missed.
 */
const MEASUREMENTS = new Map<string, (effort: Effort) => Promise<readonly (Result | undefined)[]>>([
  ["accept", async (effort) => [await accept(effort)]],
  ["relay", relay],
  ["relay-tls", relayTls],
  ["trace", async (effort) => [await trace(effort)]],
  ["policy", async () => [decisions()]],
  ["policy-cost", policyCost],
  ["policy-service", policyLookups],
  ["dns", dnsLookups],
]);

async function main(words: readonly string[]): Promise<number> {
  const effort = words.includes("--short") ? "short" : "whole";
  const named = words.filter((word) => word !== "--short");
  const unknown = named.find((name) => name !== "all" && !MEASUREMENTS.has(name));
  if (unknown !== undefined) {
    process.stderr.write(`Unknown measurement "${unknown}"; there are ${[...MEASUREMENTS.keys()].join(", ")}\n`);
    return 2;
  }
  const all = named.length === 0 || named.includes("all");
  const [began, where] = [performance.now(), machine()];
  const results: Result[] = [];
  for (const [name, measure] of MEASUREMENTS) {
    if (!all && !named.includes(name)) continue;
    for (const result of await measure(effort)) {
      if (result === undefined) process.stderr.write(`${name}: what it measures with is not here\n`);
      else {
        results.push(result);
        process.stdout.write(`${JSON.stringify(result)}\n`);
      }
    }
  }
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  process.stdout.write(
    `\n\`node bench/main.ts ${words.join(" ")}\`, ${where}, ${minutes} minutes\n\n${table(results)}`,
  );
  return results.every(({ good }) => good) ? 0 : 1;
}

/** What a figure depends on, and how busy the machine is before the first one. */
function machine(): string {
  const processors = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return [
    new Date().toISOString().slice(0, 10),
    `commit ${said("git", "rev-parse", "--short", "HEAD")}`,
    `${processors.length} × ${processors[0]?.model.trim() ?? "?"}`,
    `${gigabytes} GiB`,
    `Linux ${release()}`,
    `Node ${process.version}`,
    `Postfix ${said("postconf", "-dh", "mail_version")}`,
    `load ${loadavg()[0]?.toFixed(1)} before`,
  ].join(", ");
}

function said(program: string, ...args: readonly string[]): string {
  try {
    const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` };
    return execFileSync(program, args, { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
}

process.exitCode = await main(process.argv.slice(2));
