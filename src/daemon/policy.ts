import { join } from "node:path";
import type { Clock, Random } from "../base/mod.ts";
import { type Config, networkSet } from "../config/mod.ts";
import type { Resolver } from "../dns/mod.ts";
import { publish } from "../observe/mod.ts";
import {
  fetchStsPolicy,
  limited,
  openStsStore,
  type PolicyLists,
  policySources,
  startStsCache,
  type StsCache,
} from "../policy/io/mod.ts";
import type { PolicySources, Taking } from "../policy/mod.ts";
import { openLists } from "./policy_list.ts";
import { StartFailure } from "./seams.ts";
import { trustOf } from "./trust.ts";

export interface PolicyParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly resolver: Resolver;
  /** Why DANE cannot speak here now, or undefined when it can. */
  readonly daneOff: () => Promise<string | undefined>;
  /** Stores nothing, for those who look while a daemon runs. */
  readonly readOnly?: boolean;
  /** Told of stored policies that cannot be used; default: the log. */
  readonly onFault?: (text: string) => void;
}

/** What destinations publish, and how it is taken here. */
export interface OpenPolicy extends AsyncDisposable {
  readonly sources: PolicySources;
  readonly taking: Taking;
  /** Absent while `[policy] mta_sts` is "off". */
  readonly cache?: StsCache;
  /** The policy lists as they are held now. */
  lists(): ReturnType<PolicyLists["views"]>;
  /** Looks at once for policy lists that were put in place. */
  reload(): Promise<void>;
}

/** Opens the sources of published policy as `[policy]` says; disposing ends their fetches and their refreshing. */
export async function openPolicy(config: Config, parts: PolicyParts): Promise<OpenPolicy> {
  const { clock, resolver, daneOff } = parts;
  await using undo = new AsyncDisposableStack();
  const cache = config.policy.mta_sts === "off" ? undefined : undo.use(await openCache(config, parts));
  const lists = undo.use(await openLists(config, parts));
  const off = async (): Promise<string | undefined> => (config.policy.dane === "off" ? DANE_OFF : await daneOff());
  const kept = undo.move();
  return {
    sources: policySources({
      resolver,
      clock,
      dane: { off, insecureMx: config.policy.dane_insecure_mx },
      ...(cache === undefined ? { stsOff: STS_OFF } : { sts: cache }),
      ...(lists === undefined ? {} : { lists }),
    }),
    taking: takingOf(config),
    ...(cache === undefined ? {} : { cache }),
    lists: () => lists?.views() ?? [],
    reload: async () => await lists?.reload(),
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

/** How `[policy]` has what is published taken. */
export function takingOf({ policy }: Config): Taking {
  return {
    dane: policy.dane === "audit" ? "audit" : "enforce",
    sts: policy.mta_sts === "audit" ? "audit" : "enforce",
    list: "enforce",
    stsStrict: policy.mta_sts_strict,
    daneInsecureMx: policy.dane_insecure_mx,
    // What was accepted with REQUIRETLS before it was switched off keeps its promise.
    requireTls: policy.requiretls === "off" ? "enforce" : policy.requiretls,
    discover: policy.discover,
  };
}

async function openCache(config: Config, parts: PolicyParts): Promise<StsCache> {
  const { clock, random, resolver, readOnly = false, onFault = report } = parts;
  const { mta_sts_roots, mta_sts_port, mta_sts_networks } = config.policy;
  const trust = await trustOf(mta_sts_roots);
  const directory = join(config.data_dir, STORE);
  const permitted = networkSet(mta_sts_networks);
  try {
    const store = await openStsStore({
      directory,
      clock,
      readOnly,
      shared: true,
      onFault,
    });
    return startStsCache({
      clock,
      random,
      resolver,
      store,
      fetch: limited(async (domain, signal) => {
        const since = clock.monotonic();
        const options = { resolver, clock, trust, permitted, port: mta_sts_port };
        const fetched = await fetchStsPolicy(domain, options, signal);
        const outcome = fetched.ok ? "fetched" : fetched.error.at;
        publish("hopseal:sts-fetched", { outcome, took: clock.monotonic() - since });
        return fetched;
      }, FETCHES),
    });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new StartFailure(`Cannot use the stored MTA-STS policies in ${directory}: ${text}`, { cause: error });
  }
}

function report(text: string): void {
  publish("hopseal:fault", { where: "mta-sts", text });
}

/** At once; each may take a minute. */
const FETCHES = 100;
const STORE = "mta-sts";
const DANE_OFF = 'DANE is off: [policy] dane is "off"';
const STS_OFF = 'MTA-STS is off: [policy] mta_sts is "off"';
