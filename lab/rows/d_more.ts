import type { Scenario } from "../types.ts";
import { vector } from "./expect.ts";

/** More of group D: zones that make whoever checks them work. P7 lies over DANE. */
export const GROUP_D_MORE: readonly Scenario[] = [
  {
    row: "D20",
    position: "MS",
    base: "P6",
    variants: [{ id: "", attack: { world: { signing: { colliding: 150 } } } }],
  },
  {
    row: "D21",
    position: "MS",
    base: "P6",
    variants: [
      { id: "", attack: { world: { tlsa: [], signing: { rounds: 2500 } } } },
      {
        id: "more-than-is-believed",
        attack: { world: { tlsa: [], signing: { rounds: 100 } } },
        expect: vector(
          "P6 U, P7 S",
          "RFC 9276 §3.2: what so many rounds deny counts as insecure, so there is no DANE; MX and address are proved all the same",
        ),
      },
      {
        id: "few",
        attack: { world: { signing: { rounds: 1 } } },
        expect: vector("P6 P7 S", "RFC 9276 §3.1: a denial of few rounds is as good as any other"),
      },
    ],
  },
];
