import { type Domain, formatMailbox, type Mailbox, parseMailbox } from "../mail/mod.ts";
import { type AliasTable, expandAliases } from "../receive/mod.ts";
import type { DomainConfig } from "./types.ts";

/** The local part that an entry of `recipients`, or of a recipients file, names: itself, or an address of that domain. */
export function recipientName(entry: string, domain: Domain): string {
  return entry.toLowerCase().endsWith(`@${domain}`) ? entry.slice(0, entry.lastIndexOf("@")) : entry;
}

/** The aliases of a domain; targets that are no address are left out, as the check names them. */
export function aliasTable(entry: DomainConfig): AliasTable {
  const table = new Map<string, readonly Mailbox[]>();
  for (const [name, targets] of Object.entries(entry.aliases)) {
    table.set(
      name.toLowerCase(),
      [targets].flat().flatMap((target) => {
        const parsed = parseMailbox(aliasTarget(target, entry.name), { utf8: true });
        return parsed.ok ? [parsed.value] : [];
      }),
    );
  }
  return table;
}

/** A target without "@" is a local part of the same domain. */
export function aliasTarget(target: string, domain: Domain): string {
  return target.includes("@") ? target : formatMailbox({ localPart: target, domain });
}

/** Follows every alias of every domain the way RCPT will; for each whose targets are addresses, but lead nowhere, why. */
export function aliasFaults(domains: readonly DomainConfig[]): Map<DomainConfig, ReadonlyMap<string, string>> {
  const tables = new Map(domains.map((entry) => [entry.name, aliasTable(entry)]));
  return new Map(
    domains.map((entry) => {
      const faults = new Map<string, string>();
      for (const [name, targets] of Object.entries(entry.aliases)) {
        if (tables.get(entry.name)?.get(name.toLowerCase())?.length !== [targets].flat().length) continue;
        const start = { localPart: name, domain: entry.name };
        const followed = expandAliases(start, (domain) => tables.get(domain));
        if (!followed.ok) faults.set(name, FAULTS[followed.error.kind]);
      }
      return [entry, faults];
    }),
  );
}

const FAULTS = {
  "only-loops": "leads only to itself",
  "too-deep": "goes through more than 10 other aliases",
  "too-many": "leads to more than 1000 addresses",
} as const;
