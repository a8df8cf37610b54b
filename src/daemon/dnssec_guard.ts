import type { Clock, Instant, Millis } from "../base/mod.ts";
import type { SelfTestReport } from "../dns/io/mod.ts";
import { publish } from "../observe/mod.ts";

/**
 * Whether the proving resolver may be used. False only after a test that failed clearly; an outage proves nothing, so the
 * proving resolver stays, and what it cannot prove it says. One test at a time serves all who wait.
 */
export function dnssecGuard(
  selfTest: () => Promise<SelfTestReport>,
  clock: Pick<Clock, "now">,
): () => Promise<boolean> {
  let proven: { readonly sound: boolean; readonly until: Instant } | undefined;
  let running: Promise<boolean> | undefined;
  const test = async (): Promise<boolean> => {
    const report = await selfTest();
    const stripped = report.checks.some((check) => check.outcome === "fail");
    if (!report.sound) publish("hopseal:fault", { where: "dns", text: report.summary });
    proven = { sound: !stripped, until: clock.now() + (report.sound || stripped ? PROOF_HOLDS : DOUBT_HOLDS) };
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
