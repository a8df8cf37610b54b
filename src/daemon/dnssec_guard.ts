import type { Clock, Instant, Millis } from "../base/mod.ts";
import type { SelfTestReport } from "../dns/io/mod.ts";
import { publish } from "../observe/mod.ts";

/**
 * Whether the proving resolver may be used. False only while no test has passed and one failed clearly: the resolver that
 * was configured strips DNSSEC. An outage proves nothing; and once a test has passed, signatures that vanish are an attack
 * as likely as a fault, so the proving resolver stays and what it cannot prove waits. One test at a time serves all.
 */
export function dnssecGuard(
  selfTest: () => Promise<SelfTestReport>,
  clock: Pick<Clock, "now">,
): () => Promise<boolean> {
  let proven: { readonly sound: boolean; readonly until: Instant } | undefined;
  let passed = false;
  let running: Promise<boolean> | undefined;
  const test = async (): Promise<boolean> => {
    const report = await selfTest();
    const stripped = report.checks.some((check) => check.outcome === "fail");
    if (!report.sound) publish("hopseal:fault", { where: "dns", text: report.summary });
    passed ||= report.sound;
    proven = {
      sound: passed || !stripped,
      until: clock.now() + (report.sound || stripped ? PROOF_HOLDS : DOUBT_HOLDS),
    };
    return proven.sound;
  };
  return async () => {
    if (proven !== undefined && clock.now() < proven.until) return proven.sound;
    running ??= test().finally(() => {
      running = undefined;
    });
    return await running;
  };
}

const PROOF_HOLDS: Millis = 3_600_000;
const DOUBT_HOLDS: Millis = 60_000;
