import { Command } from "commander";
import { systemClock, systemRandom } from "../base/mod.ts";
import type { Dns } from "../dns/io/mod.ts";
import { absoluteText, DnsSetupError, openDns, parseName, serverText, typeName, typeNumber } from "../dns/io/mod.ts";
import { findingJson, findingText } from "./dns-report.ts";
import { CommandFailure, EXIT } from "./exit.ts";
import { print, printJson } from "./print.ts";
import { requireConfig } from "./settings.ts";

interface DnsFlags {
  readonly json?: boolean;
  readonly explain?: boolean;
  readonly server?: readonly string[];
  readonly tls?: string;
  readonly trustAnchor?: string;
  readonly trustAd?: boolean;
  readonly force?: boolean;
  readonly selfTest?: boolean;
  readonly config?: string;
}

/** `hopseal dns NAME TYPE`: asks, validates, and shows why the answer can be trusted or not. */
export function dnsCommand(): Command {
  return new Command("dns")
    .description("Ask DNS, validate the answer, and show the chain of trust")
    .argument("[name]", "name to ask for")
    .argument("[type]", "record type, such as MX, TLSA or TYPE65", "A")
    .option("--json", "print the answer as JSON")
    .option("--explain", "show the chain of trust from the anchor to the record, or to the step that failed")
    .option("--server <address>", "ask this server: ADDR, ADDR:PORT or [ADDR6]:PORT; may be repeated", collect)
    .option("--tls <name>", "ask over TLS, and let the server prove that it is <name>")
    .option("--trust-anchor <file>", "start trust at the DS or DNSKEY records in <file>, not at the root's keys")
    .option("--trust-ad", "believe the AD bit of a resolver on this machine in place of validating")
    .option("--force", "let --trust-ad believe a server elsewhere")
    .option("--self-test", "prove that DNSSEC works with these servers")
    .option("-c, --config <file>", "take servers and settings from this configuration")
    .action(async (name: string | undefined, type: string, flags: DnsFlags) => {
      process.exitCode = await command(name, type, flags);
    });
}

async function command(name: string | undefined, type: string, flags: DnsFlags): Promise<number> {
  const dns = await open(flags);
  try {
    if (flags.selfTest === true) return await selfTest(dns, flags);
    if (name === undefined)
      throw new CommandFailure("Name what to ask for, such as `hopseal dns pine.example MX`", EXIT.usage);
    return await ask(dns, { name, type }, flags);
  } finally {
    dns.close();
  }
}

async function ask(dns: Dns, question: { name: string; type: string }, flags: DnsFlags): Promise<number> {
  const number = typeNumber(question.type);
  const parsed = parseName(question.name);
  if (number === undefined) throw new CommandFailure(`"${question.type}" is no record type`, EXIT.usage);
  if (!parsed.ok) throw new CommandFailure(`"${question.name}" is no domain name: ${parsed.error}`, EXIT.usage);
  const began = performance.now();
  const found = await dns.resolver.lookup(question.name, number);
  const finding = {
    name: absoluteText(parsed.value),
    type: typeName(number),
    mode: dns.mode,
    servers: dns.servers.map(serverText),
    found,
    took: performance.now() - began,
  };
  const explain = flags.explain === true;
  if (flags.json === true) printJson(findingJson(finding, explain));
  else for (const line of findingText(finding, explain)) print(line);
  if (found.answer.kind !== "failure") return EXIT.ok;
  return found.answer.cause === "bogus" ? EXIT.finding : EXIT.tryAgain;
}

async function selfTest(dns: Dns, flags: DnsFlags): Promise<number> {
  const report = await dns.selfTest();
  if (flags.json === true) printJson({ version: 1, servers: dns.servers.map(serverText), ...report });
  else {
    print(report.summary);
    for (const { what, question, outcome, detail } of report.checks)
      print(`  ${what} (${question}): ${outcome}, ${detail}`);
  }
  if (report.sound) return EXIT.ok;
  return report.checks.some(({ outcome }) => outcome === "fail") ? EXIT.finding : EXIT.tryAgain;
}

async function open(flags: DnsFlags): Promise<Dns> {
  const configured = flags.config === undefined ? undefined : requireConfig(flags.config).config.dns;
  const tls = flags.tls ?? configured?.tls;
  const { secure, bogus } = configured?.self_test ?? {};
  try {
    return await openDns({
      servers: flags.server ?? configured?.servers ?? [],
      mode: flags.trustAd === true || configured?.dnssec === "trust-ad" ? "trust-ad" : "validate",
      anchors: flags.trustAnchor ?? configured?.trust_anchors ?? "builtin",
      ...(tls === undefined ? {} : { tls: { name: tls } }),
      selfTestNames: { ...(secure === undefined ? {} : { secure }), ...(bogus === undefined ? {} : { bogus }) },
      forceTrustAd: flags.force === true,
      clock: systemClock,
      random: systemRandom,
    });
  } catch (cause) {
    if (cause instanceof DnsSetupError) throw new CommandFailure(cause.message, EXIT.usage);
    throw cause;
  }
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
