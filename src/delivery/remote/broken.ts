import type { Claim } from "../../queue/mod.ts";
import { statusOf } from "../../status/mod.ts";
import type { Attempt } from "../attempt.ts";
import { allAs } from "./merge.ts";
import type { AttemptOptions } from "./options.ts";

/** An attempt that a fault of ours, or the signal, ended before anybody of `recipients` was decided. */
export function brokenOff(
  { envelope }: Pick<Claim, "envelope">,
  { recipients, fault }: { readonly recipients: readonly number[]; readonly fault: unknown },
  { signal }: Pick<AttemptOptions, "signal">,
): Attempt {
  const status = signal.aborted ? statusOf("shutting-down", "The attempt was stopped") : statusOf("local-error");
  const made = allAs(recipients, {
    end: "deferred",
    status,
    via: { tls: `${envelope.demand.level}:!decision`, because: [] },
  });
  return signal.aborted ? made : { ...made, fault };
}
