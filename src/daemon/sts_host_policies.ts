import type { Config, DomainConfig } from "../config/mod.ts";
import { parseNamePattern } from "../policy/mod.ts";
import { type StsHosting, stsPolicyText } from "../publish/mod.ts";

/** The policy that `[domain.mta_sts]` describes; undefined when there is none. */
export function stsHostingOf({ mta_sts }: DomainConfig, hostname: string): StsHosting | undefined {
  if (mta_sts === undefined) return undefined;
  const mx = (mta_sts.mx ?? [hostname]).map((text) => {
    const parsed = parseNamePattern(text);
    // The configuration was checked, so this is a fault of the program.
    if (!parsed.ok) throw new Error(`The name ${JSON.stringify(text)} in mta_sts cannot be used: ${parsed.error}`);
    return parsed.value;
  });
  return { mode: mta_sts.mode, maxAge: mta_sts.max_age, mx };
}

/** The policy file of a domain of ours; undefined when it has none, and for every other name. */
export function hostedPolicy({ domain, hostname }: Config, name: string): string | undefined {
  const entry = domain.find((one) => one.name === name);
  const hosting = entry === undefined ? undefined : stsHostingOf(entry, hostname);
  return hosting === undefined ? undefined : stsPolicyText(hosting);
}
