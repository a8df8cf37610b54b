import type { Clock } from "../../base/mod.ts";
import type { Resolver } from "../../dns/mod.ts";
import type { DaneAnswer } from "../sources/dane-ask.ts";
import { type DaneOptions, daneQuestions } from "../sources/dane.ts";
import type { DaneFacts, DaneQuestion, PolicySources } from "../types.ts";
import type { PolicyLists } from "./list-keeper.ts";
import type { StsCache } from "./sts-cache.ts";

export interface PolicySourcesOptions {
  readonly resolver: Resolver;
  readonly clock: Pick<Clock, "now">;
  readonly dane: Pick<DaneOptions, "insecureMx"> & {
    /** Why DANE cannot speak here at the moment, or undefined when it can. */
    readonly off: () => Promise<string | undefined>;
  };
  /** Absent: nobody looks, for the reason given in `stsOff`. */
  readonly sts?: Pick<StsCache, "find">;
  readonly stsOff?: string;
  /** Absent: there is no list. */
  readonly lists?: Pick<PolicyLists, "find">;
}

/** The sources of published policy, with a shell that answers what they ask. */
export function policySources(options: PolicySourcesOptions): PolicySources {
  const { sts, lists, stsOff = "MTA-STS is switched off" } = options;
  return {
    dane: async (question, signal) => await askDane(question, options, signal),
    sts: async (domain, found) => (sts === undefined ? { kind: "none", why: stsOff } : await sts.find(domain, found)),
    list: (domain) => lists?.find(domain) ?? { kind: "none" },
  };
}

async function askDane(
  question: DaneQuestion,
  options: PolicySourcesOptions,
  signal?: AbortSignal,
): Promise<DaneFacts> {
  const { resolver, clock, dane } = options;
  const why = await dane.off();
  if (why !== undefined) return { kind: "off", why };
  const query = signal === undefined ? {} : { signal };
  const walk = daneQuestions(question, {
    now: clock.now(),
    ...(dane.insecureMx === undefined ? {} : { insecureMx: dane.insecureMx }),
  });
  let step = walk.next();
  while (step.done !== true) {
    step = walk.next((await resolver.query(step.value.name, step.value.type, query)) as DaneAnswer);
  }
  return step.value;
}
