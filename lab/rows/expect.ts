import type { Expectations, PolicyId, Verdict } from "../types.ts";

/** The same verdict for several columns, and the section that says so. */
export function all(policies: readonly PolicyId[], verdict: Verdict, because: string): Expectations {
  return Object.fromEntries(policies.map((policy) => [policy, { verdict, because }]));
}

/** What each column comes to, written "P0 P1 C, P2 D". */
export function vector(text: string, because: string): Expectations {
  const parts = text.split(", ").map((part) => {
    const words = part.split(" ");
    return all(words.slice(0, -1) as PolicyId[], words.at(-1) as Verdict, because);
  });
  return Object.assign({}, ...parts) as Expectations;
}
