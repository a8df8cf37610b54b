import { type Domain, formatMailbox, isLiteral, type Mailbox, parseMailbox } from "../mail/mod.ts";
import { type CheckIssue, type CheckWorld, error, warning } from "./issue.ts";
import { aliasFaults, aliasTarget, recipientName } from "./recipients.ts";
import type { Config, DomainConfig } from "./types.ts";

/** What is wrong with `[[domain]]`: recipients that nobody can reach, aliases that lead nowhere. */
export function checkDomains(config: Config, world: CheckWorld, hasMaildirs: (name: Domain) => boolean): CheckIssue[] {
  const seen = new Set<Domain>();
  const faults = aliasFaults(config.domain);
  return config.domain.flatMap((entry, at) => {
    const issues: CheckIssue[] = [];
    if (seen.has(entry.name)) issues.push(error(["domain", at, "name"], `${entry.name} is named twice`));
    seen.add(entry.name);
    if (entry.recipients === "maildir" && !hasMaildirs(entry.name)) {
      issues.push(
        error(["domain", at, "recipients"], `recipients = "maildir" needs a [[route]] of ${entry.name} to a maildir`),
      );
    }
    for (const [name, why] of faults.get(entry) ?? []) {
      issues.push(error(["domain", at, "aliases", name], `The alias ${name} ${why}`));
    }
    return [...issues, ...checkFile(entry, at, world), ...checkNames(entry, at), ...checkTargets(config, entry, at)];
  });
}

function checkFile(entry: DomainConfig, at: number, world: CheckWorld): CheckIssue[] {
  const path = entry.recipients_file;
  if (path === undefined) {
    return entry.recipients === "file"
      ? [error(["domain", at, "recipients"], 'recipients = "file" needs recipients_file')]
      : [];
  }
  if (entry.recipients !== "file") {
    return [warning(["domain", at, "recipients_file"], 'This file is not read without recipients = "file"')];
  }
  return world.exists(path) ? [] : [error(["domain", at, "recipients_file"], `There is no file ${path}`)];
}

/** Recipients and aliases are named by local parts; another domain's address among them would never be met. */
function checkNames(entry: DomainConfig, at: number): CheckIssue[] {
  const listed = typeof entry.recipients === "string" ? [] : entry.recipients;
  const aliases = Object.keys(entry.aliases);
  const lower = aliases.map((name) => name.toLowerCase());
  return [
    ...listed.flatMap((name, item) =>
      isName(recipientName(name, entry.name), entry.name)
        ? []
        : [error(["domain", at, "recipients", item], `${JSON.stringify(name)} is no local part of ${entry.name}`)],
    ),
    ...aliases.flatMap((name, item) => {
      const path = ["domain", at, "aliases", name];
      if (!isName(name, entry.name)) return [error(path, `${JSON.stringify(name)} is no local part of ${entry.name}`)];
      const twice = lower.indexOf(name.toLowerCase()) < item;
      return twice ? [error(path, `The alias ${name} is named twice; letter case makes no difference`)] : [];
    }),
  ];
}

function isName(text: string, domain: Domain): boolean {
  return !text.includes("@") && parseMailbox(formatMailbox({ localPart: text, domain }), { utf8: true }).ok;
}

function checkTargets(config: Config, entry: DomainConfig, at: number): CheckIssue[] {
  return Object.entries(entry.aliases).flatMap(([name, targets]) =>
    [targets].flat().flatMap((target) => {
      const path = ["domain", at, "aliases", name];
      const parsed = parseMailbox(aliasTarget(target, entry.name), { utf8: true });
      if (!parsed.ok) return [error(path, parsed.error.detail)];
      return isMissing(config, parsed.value) ? [warning(path, `There is no ${formatMailbox(parsed.value)}`)] : [];
    }),
  );
}

/** Whether it is an address of a domain whose recipients are all named in the file, and is not among them. */
function isMissing(config: Config, { localPart, domain }: Mailbox): boolean {
  if (isLiteral(domain)) return false;
  const owner = config.domain.find(({ name }) => name === domain);
  if (owner === undefined || typeof owner.recipients === "string") return false;
  const names = [...owner.recipients.map((name) => recipientName(name, domain)), ...Object.keys(owner.aliases)];
  return !names.some((name) => name.toLowerCase() === localPart.toLowerCase());
}
