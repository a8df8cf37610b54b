import { createHash } from "node:crypto";
import type { ClaimResult } from "../types.ts";
import { type House, openHouse } from "./house.ts";
import { judgePlay } from "./judge.ts";
import { type Done, playOnce } from "./play.ts";
import type { ClientPlay, ClientScenario } from "./types.ts";

/** Plays hostile clients against our server, each beside an honest one; a claim holds when every play of it does. */
export async function playClients(scenarios: readonly ClientScenario[], seed: number): Promise<readonly ClaimResult[]> {
  const faults = new Map<ClientScenario, string[]>(scenarios.map((one) => [one, []]));
  const counts = new Map<ClientScenario, number>();
  const planned = scenarios.flatMap((scenario) => scenario.plays.map((play) => ({ scenario, play })));
  for (const group of Map.groupBy(planned, ({ play }) => JSON.stringify(play.house ?? {})).values()) {
    await using house = await openHouse(group[0]?.play.house ?? {}, seed);
    for (const { scenario, play } of group) {
      const runs = cutsOf(play).map((cut) => ({ cut, canary: secret([seed, scenario.row, play.variant, cut]) }));
      const done: Done[] = [];
      for (const run of runs) {
        done.push(await playOnce(play, run, house));
        // One is enough, and each that waits in vain waits for long.
        if (done.at(-1)?.fault !== undefined) break;
      }
      counts.set(scenario, (counts.get(scenario) ?? 0) + runs.length);
      const found = await judgePlay(play, done, house);
      if (found !== undefined) faults.get(scenario)?.push(`${play.variant}: ${found}`);
    }
  }
  return scenarios.map((scenario) => {
    const bad = faults.get(scenario) ?? [];
    const seen = bad.length === 0 ? `${counts.get(scenario) ?? 0} played, every one as claimed` : bad.join("; ");
    return { row: scenario.row, claim: scenario.claim, held: bad.length === 0, seen };
  });
}

/** Once as it is, or once for each place at which the text of its step can be cut, and once in single octets. */
function cutsOf({ steps }: ClientPlay): readonly (number | "all" | undefined)[] {
  for (const step of steps) {
    if (step.kind !== "send" || step.split === undefined) continue;
    const { from = 1, to = step.text.length - 1 } = step.split;
    return [undefined, ...Array.from({ length: to - from + 1 }, (_, at) => from + at), "all"];
  }
  return [undefined];
}

function secret(of: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, 32);
}

export type { House };
