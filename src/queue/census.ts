import type { Census } from "./port.ts";

/** What several stores hold together. */
export function sumOf(parts: readonly Census[]): Census {
  const sum = (number: (part: Census) => number): number => parts.reduce((total, part) => total + number(part), 0);
  const oldest = parts.flatMap(({ oldestDue }) => oldestDue ?? []);
  return {
    messages: sum(({ messages }) => messages),
    units: {
      due: sum(({ units }) => units.due),
      waiting: sum(({ units }) => units.waiting),
      leased: sum(({ units }) => units.leased),
      held: sum(({ units }) => units.held),
    },
    ...(oldest.length === 0 ? {} : { oldestDue: Math.min(...oldest) }),
  };
}
