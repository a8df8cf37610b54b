import type { Clock, Millis } from "../base/mod.ts";
import type { SelfTestReport } from "../dns/io/mod.ts";
import { publish } from "../observe/mod.ts";

/** What the newest test came to. */
export interface DnssecProof {
  /** Whether the proving resolver is used. */
  readonly sound: boolean;
  /** Why DANE cannot speak, when it is not. */
  readonly why?: string;
}

/** That DNSSEC has once worked with these servers, kept over restarts. */
export interface DnssecMemory {
  readonly passed: boolean;
  remember(): void;
}

/**
 * Whether the proving resolver may be used. Not so only while no test has ever passed and one failed clearly: the resolver
 * that was configured strips DNSSEC. An outage proves nothing; and once a test has passed, signatures that vanish are an
 * attack as likely as a fault, so the proving resolver stays and what it cannot prove waits. One test at a time serves all.
 */
export function dnssecGuard(
  selfTest: () => Promise<SelfTestReport>,
  clock: Pick<Clock, "monotonic">,
  memory?: DnssecMemory,
): () => Promise<DnssecProof> {
  let proven: { readonly proof: DnssecProof; readonly until: Millis } | undefined;
  let passed = memory?.passed ?? false;
  let running: Promise<DnssecProof> | undefined;
  const test = async (): Promise<DnssecProof> => {
    const report = await selfTest();
    const stripped = report.checks.some((check) => check.outcome === "fail");
    if (!report.sound)
      publish("hopseal:fault", { where: "dns", text: report.summary + (passed && stripped ? WAITS : "") });
    if (report.sound && !passed) {
      passed = true;
      memory?.remember();
    }
    const proof = passed || !stripped ? { sound: true } : { sound: false, why: report.summary };
    proven = { proof, until: clock.monotonic() + (report.sound || stripped ? PROOF_HOLDS : DOUBT_HOLDS) };
    return proof;
  };
  return async () => {
    if (proven !== undefined && clock.monotonic() < proven.until) return proven.proof;
    running ??= test().finally(() => {
      running = undefined;
    });
    return await running;
  };
}

/** Said when what worked before is gone. */
const WAITS = "; it worked with these servers before, so mail waits";
const PROOF_HOLDS: Millis = 3_600_000;
const DOUBT_HOLDS: Millis = 60_000;
