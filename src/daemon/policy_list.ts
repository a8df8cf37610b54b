import { join } from "node:path";
import type { Clock, Random } from "../base/mod.ts";
import { type Config, networkSet } from "../config/mod.ts";
import type { Resolver } from "../dns/mod.ts";
import { publish } from "../observe/mod.ts";
import {
  fetchListFile,
  type ListFetchOptions,
  type ListOrigin,
  type ListSource,
  openPolicyLists,
  type PolicyLists,
} from "../policy/io/mod.ts";
import { StartFailure } from "./seams.ts";
import { trustOf } from "./trust.ts";

export interface PolicyListParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly resolver: Resolver;
  /** Asks no host and stores nothing. */
  readonly readOnly?: boolean;
  /** Told what is wrong with a list; default: the log. */
  readonly onFault?: (text: string) => void;
}

/** Opens the lists of `[[policy_list]]`; undefined when there are none. Rejects with a StartFailure. */
export async function openLists(config: Config, parts: PolicyListParts): Promise<PolicyLists | undefined> {
  if (config.policy_list.length === 0) return undefined;
  const { clock, random, readOnly = false, onFault = report } = parts;
  const hosts = new Map<string, ListFetchOptions>();
  for (const entry of config.policy_list) {
    if (readOnly || entry.url === undefined) continue;
    const { resolver } = parts;
    const permitted = networkSet(entry.networks);
    hosts.set(entry.name, { clock, resolver, permitted, trust: await trustOf(entry.roots) });
  }
  try {
    return await openPolicyLists(config.policy_list.map(listSource), {
      directory: listFolder(config),
      clock,
      random,
      readOnly,
      onFault,
      fetch: async ({ name }, url, signal) => {
        const options = hosts.get(name);
        return options === undefined
          ? { ok: false, error: "nobody is asked" }
          : await fetchListFile(url, options, signal);
      },
    });
  } catch (error) {
    throw new StartFailure(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Where lists are stored, one file each. */
export function listFolder({ data_dir }: Pick<Config, "data_dir">): string {
  return join(data_dir, "lists");
}

export function listSource(entry: Config["policy_list"][number]): ListSource {
  const { name, mode, refresh, key, fingerprint } = entry;
  const from = originOf(entry);
  return {
    name,
    mode,
    refresh,
    from,
    ...(key === undefined || fingerprint === undefined ? {} : { key: { file: key, fingerprint } }),
  };
}

function originOf({ url, file, signature }: Config["policy_list"][number]): ListOrigin {
  if (url !== undefined) {
    const list = new URL(url);
    return { kind: "url", list, signature: new URL(signature ?? beside(list)) };
  }
  return file === undefined ? { kind: "import" } : { kind: "file", list: file, signature: signature ?? file + ARMORED };
}

function beside(list: URL): URL {
  const signature = new URL(list);
  signature.pathname += ARMORED;
  return signature;
}

function report(text: string): void {
  publish("hopseal:fault", { where: "policy-list", text });
}

/** What `gpg --armor --detach-sign` calls its output. */
const ARMORED = ".asc";
