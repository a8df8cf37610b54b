import { Command } from "commander";
import type { Config, DomainConfig } from "../config/mod.ts";
import { lookAtPublication, publicationOf } from "../daemon/mod.ts";
import { parseDomain } from "../mail/mod.ts";
import { recordsFor, zoneLines } from "../publish/mod.ts";
import { type DnsReport, exitOf, reportJson, reportText } from "./config_dns_report.ts";
import { CommandFailure, EXIT } from "./exit.ts";
import { print, printJson } from "./print.ts";
import { requireConfig } from "./settings.ts";

interface Flags {
  readonly config?: string;
  readonly json?: boolean;
  readonly zone?: boolean;
  readonly offline?: boolean;
  readonly fetch: boolean;
  readonly port?: readonly number[];
}

/** `hopseal config dns DOMAIN`: what to publish, and what is wrong with what is published. */
export function configDnsCommand(): Command {
  return new Command("dns")
    .description(
      "Show every DNS record that a domain of ours needs, and what is missing or wrong; exit 1 when something is",
    )
    .argument("<domain>", "a [[domain]] of the configuration")
    .option("-c, --config <file>", "configuration file")
    .option("--json", "print records and findings as JSON")
    .option("--zone", "print the records alone, as lines of a zone file; nobody is asked")
    .option("--offline", "print the records alone; nobody is asked")
    .option("--no-fetch", "do not fetch the MTA-STS policy")
    .option("--port <port>", "port at which senders reach the mail hosts (25); may be repeated", ports)
    .action(async (domain: string, flags: Flags) => {
      process.exitCode = await show(domain, flags);
    });
}

async function show(text: string, flags: Flags): Promise<number> {
  const { config } = requireConfig(flags.config);
  const entry = ownDomain(config, text);
  try {
    const publication = await publicationOf(config, entry, flags.port ?? [SMTP_PORT]);
    if (flags.zone === true) {
      for (const line of zoneLines(recordsFor(publication, [config.hostname]))) print(line);
      return EXIT.ok;
    }
    const looked =
      flags.offline === true ? undefined : await lookAtPublication(config, publication, { fetch: flags.fetch });
    const report: DnsReport = { publication, ...(looked === undefined ? {} : { looked }) };
    if (flags.json === true) printJson(reportJson(report));
    else for (const line of reportText(report)) print(line);
    return exitOf(report);
  } catch (error) {
    throw new CommandFailure(error instanceof Error ? error.message : String(error));
  }
}

function ownDomain({ domain }: Config, text: string): DomainConfig {
  const name = parseDomain(text, { utf8: true, trailingDot: true });
  const entry = name.ok ? domain.find((one) => one.name === name.value) : undefined;
  if (entry !== undefined) return entry;
  const known = domain.map((one) => one.name).join(", ");
  throw new CommandFailure(
    `There is no [[domain]] ${JSON.stringify(text)}; there is ${known === "" ? "none" : known}`,
    EXIT.usage,
  );
}

function ports(value: string, before: readonly number[] | undefined): readonly number[] {
  const port = /^[0-9]{1,5}$/.test(value) ? Number(value) : 0;
  if (port < 1 || port > 65_535) throw new CommandFailure(`${JSON.stringify(value)} is no port`, EXIT.usage);
  return [...(before ?? []), port];
}

const SMTP_PORT = 25;
