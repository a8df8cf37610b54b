import type { Scenario } from "../types.ts";

/** More of group C: the relay that the sender was told to use. */
export const GROUP_C_MORE: readonly Scenario[] = [
  {
    row: "C11",
    position: "DN",
    variants: [
      {
        id: "",
        attack: {
          // The relay is called "T", so that what a column demands or publishes is about it.
          world: { mx: ["T"], hosts: { "mx.E": { owner: "attacker" } } },
          message: { domain: "P" },
          relay: "T",
          dns: [{ at: "T A", does: { kind: "forge", records: ["T A @mx.E"] } }],
        },
      },
    ],
  },
];
