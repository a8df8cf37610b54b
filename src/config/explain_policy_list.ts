import type { Setting } from "./explain.ts";
import type { Config, PolicyListConfig } from "./types.ts";

/** `[[policy_list]]`, in the order in which they are asked. */
export function policyListSettings({ policy_list }: Config): readonly Setting[] {
  return policy_list.map((entry, at) => ({
    key: `policy_list.${at}`,
    value: JSON.stringify(entry.name),
    means: `${originOf(entry)}; ${provedBy(entry)}; ${MODES[entry.mode]}`,
  }));
}

function originOf({ url, file, refresh }: PolicyListConfig): string {
  if (url !== undefined) return `A policy list, fetched from ${url} every ${refresh / 3_600_000} h`;
  return file === undefined ? "A policy list, imported by hand" : `A policy list, read from ${file}`;
}

function provedBy({ fingerprint }: PolicyListConfig): string {
  return fingerprint === undefined ? "not signed" : `signed by ${fingerprint}`;
}

const MODES = {
  enforce: 'binds where it says "enforce" and the destination itself publishes nothing',
  audit: "checked and reported, and binds nobody",
} as const;
