import { Command } from "commander";
import { systemClock } from "../../base/mod.ts";
import { type Config, parseDuration } from "../../config/mod.ts";
import { daemonTallies, policyEntries } from "../../daemon/mod.ts";
import { type Sight, type Suggestion, suggestPolicies } from "../../policy/mod.ts";
import { dayOf, parseSeenKey, summarise } from "../../tlsrpt/mod.ts";
import { CommandFailure, EXIT } from "../exit.ts";
import { print, printJson } from "../print.ts";
import { requireConfig } from "../settings.ts";
import { suggestText } from "./suggest_text.ts";

interface SuggestFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly since: string;
  readonly min: string;
}

type Counted = Awaited<ReturnType<typeof daemonTallies>>;

/** `hopseal policy suggest`: entries for destinations that always offered more than they were asked for. */
export function policySuggestCommand(): Command {
  return new Command("suggest")
    .description("Propose [[tls_policy]] entries from what destinations showed so far; changes nothing")
    .option("-c, --config <file>", "configuration file")
    .option("--since <time>", "how far to look back, at most 30d", "30d")
    .option("--min <sessions>", "sessions that an entry needs", "20")
    .option("--json", "print JSON")
    .action(async (_flags: SuggestFlags, itself: Command) => {
      // Options of the same name belong to the command above as well.
      await suggest(itself.optsWithGlobals());
    });
}

async function suggest(flags: SuggestFlags): Promise<void> {
  const span = parseDuration(flags.since);
  if (!span.ok) throw new CommandFailure(`--since: ${span.error}`, EXIT.usage);
  if (span.value > LONGEST) {
    throw new CommandFailure(
      `--since: sessions are kept for 30 days, so no entry can rest on ${flags.since}`,
      EXIT.usage,
    );
  }
  const least = NUMBER.test(flags.min) ? Number(flags.min) : 0;
  if (least < 1) throw new CommandFailure(`--min takes a number of sessions, not ${flags.min}`, EXIT.usage);
  const { config } = requireConfig(flags.config);
  const since = dayOf(systemClock.now() - span.value);
  const suggestions = suggestFrom(await read(config), { config, since, least });
  if (flags.json === true) printJson({ version: 1, since, min: least, suggestions });
  else for (const line of suggestText(suggestions, since)) print(line);
}

/** From what was counted on the UTC day `since` or later. */
export function suggestFrom(
  all: Counted,
  { config, since, least }: { readonly config: Config; readonly since: string; readonly least: number },
): readonly Suggestion[] {
  const counted = all.filter(({ day }) => day >= since);
  const published = publishing(counted);
  const entries = policyEntries(config);
  const covered = (domain: string): string | undefined =>
    entries(domain) === undefined ? published.get(domain) : "there is a [[tls_policy]] for it";
  return suggestPolicies(sightsOf(counted), { least, covered });
}

async function read(config: Config): Promise<Counted> {
  try {
    return await daemonTallies(config);
  } catch (error) {
    throw new CommandFailure(error instanceof Error ? error.message : String(error));
  }
}

function sightsOf(counted: Counted): readonly Sight[] {
  return counted.flatMap(({ day, key, count }) => {
    const record = parseSeenKey(key);
    return record === undefined ? [] : [{ day, count, ...record }];
  });
}

/** What destinations say for themselves, by the newest day on which it was counted. */
function publishing(counted: Counted): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { domain, policies } of summarise(counted).days) {
    const types = policies.map(({ policy }) => policy);
    const dane = types.some((policy) => policy["policy-type"] === "tlsa");
    const sts = types.some(
      (policy) => policy["policy-type"] === "sts" && policy["policy-string"].some((line) => ENFORCE.test(line)),
    );
    if (dane) found.set(domain, "it publishes TLSA records, which bind already");
    else if (sts) found.set(domain, "it publishes an MTA-STS policy, which binds already");
    else found.delete(domain);
  }
  return found;
}

/** 30 days */
const LONGEST = 30 * 86_400_000;
const NUMBER = /^\d{1,9}$/;
const ENFORCE = /^mode:\s{0,9}enforce$/;
