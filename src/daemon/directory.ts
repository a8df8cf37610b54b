import { readFileSync, statSync } from "node:fs";
import { aliasTable, type Config, type DomainConfig, recipientName } from "../config/mod.ts";
import { routeFor } from "../delivery/mod.ts";
import { maildirPath } from "../delivery/maildir/mod.ts";
import type { Domain } from "../mail/mod.ts";
import type { Existence, LocalDomain, RecipientRules } from "../receive/mod.ts";
import { routesOf } from "./translate.ts";

/** Makes the rules about recipients from the configuration; reads the recipient files. Throws when one cannot be read. */
export function recipientRules(config: Config): RecipientRules {
  const domains = new Map<Domain, LocalDomain>();
  for (const entry of config.domain) domains.set(entry.name, { ...localDomain(entry, config), srs: entry.srs });
  return { hostname: config.hostname, domains, postmaster: config.postmaster };
}

function localDomain(entry: DomainConfig, config: Config): LocalDomain {
  const aliases = aliasTable(entry);
  const lower = (localPart: string): string => localPart.toLowerCase();
  const { recipients } = entry;
  if (recipients === "any") {
    return { name: entry.name, aliases, exists: () => true, canonical: (localPart) => localPart, takesAll: true };
  }
  if (recipients === "maildir") {
    const routes = routesOf(config);
    // Where delivery would put it decides; an address that the operator routes elsewhere exists by that word.
    const exists = (localPart: string): Existence => {
      const mailbox = { localPart, domain: entry.name };
      const target = routeFor(routes, mailbox);
      return target.kind === "maildir" ? folderExists(maildirPath(target.path, mailbox)) : true;
    };
    return { name: entry.name, aliases, exists, canonical: lower };
  }
  const names =
    recipients === "file"
      ? readRecipients(entry.recipients_file ?? "", entry.name)
      : recipients.map((name) => recipientName(name, entry.name));
  const known = new Set(names.map(lower));
  return { name: entry.name, aliases, exists: (localPart) => known.has(lower(localPart)), canonical: lower };
}

function folderExists(path: string): Existence {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // Only these two mean that it is not there; anything else means that we cannot tell.
    return code === "ENOENT" || code === "ENOTDIR" ? false : "unknown";
  }
}

/** One local part or address of the domain a line; "#" starts a comment. */
function readRecipients(path: string, domain: Domain): string[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .map((line) => line.split("#", 1)[0]?.trim() ?? "")
    .filter((line) => line !== "")
    .map((line) => recipientName(line, domain));
}
