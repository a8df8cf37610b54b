import type { Attempt } from "../attempt.ts";
import type { RecipientOutcome } from "../walk.ts";

/** One attempt out of several; where two tell of a recipient the later one counts. */
export function merged(attempts: readonly Attempt[]): Attempt {
  const outcomes = new Map(attempts.flatMap((one) => [...one.outcomes]));
  const open = new Set<number>();
  for (const one of attempts) {
    for (const index of one.outcomes.keys()) open.delete(index);
    for (const index of one.open) open.add(index);
  }
  return {
    outcomes,
    open,
    crowded: attempts.length > 0 && attempts.every((one) => one.crowded),
    sessions: attempts.flatMap((one) => one.sessions),
    closing: Promise.all(attempts.map((one) => one.closing)),
    ...faultOf(attempts),
  };
}

/** The first fault of them. */
function faultOf(attempts: readonly Attempt[]): Pick<Attempt, "fault"> {
  const broken = attempts.find((one) => one.fault !== undefined);
  return broken === undefined ? {} : { fault: broken.fault };
}

/** The same outcome for all, without any session. */
export function allAs(recipients: readonly number[], outcome: RecipientOutcome): Attempt {
  return of(new Map(recipients.map((index) => [index, outcome])));
}

/** Outcomes that no session was needed for. */
export function of(outcomes: Attempt["outcomes"]): Attempt {
  return { outcomes, open: new Set(), crowded: false, sessions: [], closing: Promise.resolve() };
}
