import { daemonTallies } from "../daemon/mod.ts";
import { type DaySummary, summarise } from "../tlsrpt/mod.ts";
import { CommandFailure, EXIT } from "./exit.ts";
import { print, printJson } from "./print.ts";
import { requireConfig } from "./settings.ts";

/** `hopseal policy tally`: what was counted, by day and domain. */
export async function showTallies(flags: {
  readonly config?: string;
  readonly json?: boolean;
  readonly day?: string;
}): Promise<void> {
  const { day } = flags;
  if (day !== undefined && !DAY.test(day)) throw new CommandFailure(`--day takes YYYY-MM-DD, not ${day}`, EXIT.usage);
  const { days, unread } = summarise(await daemonTallies(requireConfig(flags.config).config, day));
  if (flags.json === true) return printJson({ version: 1, days, unread });
  if (days.length === 0) print("Nothing was counted");
  for (const one of days) for (const line of tallyText(one)) print(line);
  if (unread > 0) print(`${unread} sessions were counted by another version and cannot be read`);
}

/** One day of one domain, for people. */
export function tallyText({ day, domain, policies }: DaySummary): readonly string[] {
  return policies.flatMap(({ policy, summary, "failure-details": details }) => [
    `${day}  ${domain}  ${policy["policy-type"]}: ${summary["total-successful-session-count"]} good, ${summary["total-failure-session-count"]} failed`,
    ...details.map((detail) => {
      const where = [detail["receiving-mx-hostname"], detail["receiving-ip"]].filter((part) => part !== undefined);
      const reason = detail["failure-reason-code"] === undefined ? "" : ` (${detail["failure-reason-code"]})`;
      const at = where.length === 0 ? "" : `, ${where.join(" ")}`;
      return `    ${detail["failed-session-count"]} × ${detail["result-type"]}${reason}${at}`;
    }),
  ]);
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
