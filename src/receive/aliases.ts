import { err, ok, type Result } from "../base/mod.ts";
import { type Domain, formatMailbox, isLiteral, type Mailbox } from "../mail/mod.ts";

/** Aliases of one domain: local part in lower case → where its mail goes. */
export type AliasTable = ReadonlyMap<string, readonly Mailbox[]>;

export type AliasFault =
  | { readonly kind: "too-deep"; readonly at: Mailbox }
  | { readonly kind: "too-many"; readonly at: Mailbox }
  | { readonly kind: "only-loops"; readonly at: Mailbox };

/**
 * Follows aliases from `start` to the mailboxes that are none, in order and without repeats. An alias may name itself
 * beside others (that copy stays here); cycles are cut; depth and breadth are bounded.
 */
export function expandAliases(
  start: Mailbox,
  aliasesOf: (domain: Domain) => AliasTable | undefined,
): Result<readonly Mailbox[], AliasFault> {
  const found = new Map<string, Mailbox>();
  const entered = new Set<string>();
  let level: readonly { mailbox: Mailbox; parent?: string }[] = [{ mailbox: start }];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return err({ kind: "too-deep", at: start });
    const next: { mailbox: Mailbox; parent: string }[] = [];
    for (const { mailbox, parent } of level) {
      const key = caseless(mailbox);
      const targets = isLiteral(mailbox.domain)
        ? undefined
        : aliasesOf(mailbox.domain)?.get(mailbox.localPart.toLowerCase());
      if (targets === undefined || key === parent) found.set(keyOf(mailbox), mailbox);
      else if (!entered.has(key)) next.push(...targets.map((target) => ({ mailbox: target, parent: key })));
      entered.add(key);
      if (found.size + next.length > MOST_TARGETS) return err({ kind: "too-many", at: start });
    }
    level = next;
  }
  return found.size === 0 ? err({ kind: "only-loops", at: start }) : ok([...found.values()]);
}

/** Equal for equal addresses; letter case counts, since other hosts may mind it (RFC 5321 §2.4). */
export function keyOf(mailbox: Mailbox): string {
  return formatMailbox(mailbox);
}

/** Equal for addresses that are one here: names of ours are compared without letter case. */
export function caseless(mailbox: Mailbox): string {
  return formatMailbox(mailbox).toLowerCase();
}

const DEEPEST = 10;
const MOST_TARGETS = 1000;
