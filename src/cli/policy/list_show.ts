import { Command } from "commander";
import { type StoredPolicyList, storedPolicyLists } from "../../daemon/mod.ts";
import { type Domain, parseDomain } from "../../mail/mod.ts";
import { CommandFailure, EXIT } from "../exit.ts";
import { print, printJson } from "../print.ts";
import { requireConfig } from "../settings.ts";
import { entryText, heldJson, heldText } from "./list_text.ts";

interface ShowFlags {
  readonly config?: string;
  readonly json?: boolean;
}

/** `hopseal policy list show [DOMAIN]`. */
export function listShowCommand(): Command {
  return new Command("show")
    .description("Show the lists that are stored, or what they say of a domain")
    .argument("[domain]", "mail domain; it must stand in a list itself, for lists know no inheritance")
    .option("-c, --config <file>", "configuration file")
    .option("--json", "print JSON")
    .action(async (domain: string | undefined, _flags: ShowFlags, itself: Command) => {
      // Options of the same name belong to the commands above as well.
      process.exitCode = await show(domain, itself.optsWithGlobals());
    });
}

async function show(text: string | undefined, flags: ShowFlags): Promise<number> {
  const domain = text === undefined ? undefined : parseDomain(text, { utf8: true, trailingDot: true });
  if (domain?.ok === false) throw new CommandFailure(domain.error.detail, EXIT.usage);
  const lists = await storedPolicyLists(requireConfig(flags.config).config);
  const now = Date.now();
  if (flags.json === true) printJson(listsJson(lists, domain?.value, now));
  else for (const line of listsText(lists, domain?.value, now)) print(line);
  return lists.some(({ fault }) => fault !== undefined) ? EXIT.finding : EXIT.ok;
}

/** For people: every list, or every list that names the domain; the first of them speaks. */
export function listsText(
  lists: readonly StoredPolicyList[],
  domain: Domain | undefined,
  now: number,
): readonly string[] {
  if (lists.length === 0) return ["There is no [[policy_list]] in the configuration"];
  const faults = lists.flatMap(({ source, fault }) =>
    fault === undefined ? [] : [`The list ${source.name} cannot be used: ${fault}`],
  );
  if (domain === undefined) return [...faults, ...lists.flatMap((list) => listText(list, now))];
  const named = lists.flatMap(({ source, held }) => {
    const entry = held?.list.policies.get(domain);
    return entry === undefined ? [] : [{ source, says: entryText(entry) }];
  });
  if (named.length === 0) return [...faults, `No list names ${domain}`];
  return [
    ...faults,
    ...named.map(({ source, says }, at) => {
      const heard = at > 0 ? " (not heard: an earlier list names the domain)" : "";
      return `${source.name}${source.mode === "audit" ? " (audited only)" : ""} says of ${domain}: ${says}${heard}`;
    }),
  ];
}

function listText({ source, held, fault }: StoredPolicyList, now: number): readonly string[] {
  if (fault !== undefined) return [];
  const mode = source.mode === "audit" ? ", audited only" : "";
  if (held === undefined) return [`${source.name}${mode}: nothing is stored yet`];
  const ended = held.list.expires <= now ? ["it is still enforced; find out why there is no new one"] : [];
  return [`${source.name}${mode}`, ...[...heldText(held, now), ...ended].map((line) => `  ${line}`)];
}

/** The same as JSON, version 1. */
export function listsJson(lists: readonly StoredPolicyList[], domain: Domain | undefined, now: number): object {
  return {
    version: 1,
    ...(domain === undefined ? {} : { domain }),
    lists: lists.map(({ source, held, fault }) => {
      const entry = domain === undefined ? undefined : held?.list.policies.get(domain);
      return {
        name: source.name,
        mode: source.mode,
        ...(fault === undefined ? {} : { fault }),
        ...(held === undefined ? {} : { held: heldJson(held, now) }),
        ...(entry === undefined ? {} : { policy: entry }),
      };
    }),
  };
}
