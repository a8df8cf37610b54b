import type { Scenario } from "../types.ts";
import { GROUP_A } from "./a.ts";

/** Every row that the lab plays. */
export const SCENARIOS: readonly Scenario[] = [...GROUP_A];
