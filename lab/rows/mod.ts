import type { Scenario } from "../types.ts";
import { GROUP_A } from "./a.ts";
import { GROUP_B } from "./b.ts";
import { GROUP_C } from "./c.ts";
import { GROUP_C_MORE } from "./c_more.ts";
import { GROUP_D } from "./d.ts";
import { GROUP_D_MORE } from "./d_more.ts";
import { GROUP_E, GROUP_G } from "./e.ts";
import { GROUP_F } from "./f.ts";
import { GROUP_G_MORE, GROUP_M } from "./g.ts";
import { GROUP_E_MORE } from "./e_more.ts";

/** Every row that the lab plays. */
export const SCENARIOS: readonly Scenario[] = [
  ...GROUP_A,
  ...GROUP_B,
  ...GROUP_C,
  ...GROUP_C_MORE,
  ...GROUP_D,
  ...GROUP_D_MORE,
  ...GROUP_E,
  ...GROUP_E_MORE,
  ...GROUP_F,
  ...GROUP_G,
  ...GROUP_G_MORE,
  ...GROUP_M,
];
