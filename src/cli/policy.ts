import { Command } from "commander";
import { openPolicyLook, type PolicyLook } from "../daemon/mod.ts";
import { type Mailbox, NO_DEMAND, parseMailbox, parseMailHost, type TlsDemand } from "../mail/mod.ts";
import { CommandFailure, EXIT } from "./exit.ts";
import { policyJson } from "./policy-json.ts";
import { exitOf, type PolicyFinding, policyText } from "./policy-report.ts";
import { showTallies } from "./policy-tally.ts";
import { policyListCommand } from "./policy/list.ts";
import { explainFor } from "./policy/postfix.ts";
import { policySuggestCommand } from "./policy/suggest.ts";
import { print, printJson } from "./print.ts";
import { requireConfig } from "./settings.ts";

interface PolicyFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly message: string;
  readonly explain?: string;
}

interface TallyFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly day?: string;
}

/** `hopseal policy DOMAIN` and `hopseal policy tally`. */
export function policyCommand(): Command {
  const command = new Command("policy")
    .description("Show how mail to a domain would be protected, and why")
    .argument("[domain]", "recipient domain, or a whole address")
    .option("-c, --config <file>", "configuration file")
    .option("--message <demand>", `what the message asks for: ${[...DEMANDS.keys()].join(", ")}`, "may")
    .option("--explain <program>", "what the policy service tells another program about this next hop: postfix")
    .option("--json", "print JSON")
    .action(async (domain: string | undefined, flags: PolicyFlags) => {
      process.exitCode = await show(domain, flags);
    });
  command
    .command("tally")
    .description("Show what was counted for TLS reports")
    .option("-c, --config <file>", "configuration file")
    .option("--day <day>", "only this UTC day, YYYY-MM-DD")
    .option("--json", "print JSON")
    .action(async (_flags: TallyFlags, itself: Command) => {
      // Options of the same name belong to the command above as well.
      await showTallies(itself.optsWithGlobals());
    });
  command.addCommand(policyListCommand());
  command.addCommand(policySuggestCommand());
  return command;
}

async function show(text: string | undefined, flags: PolicyFlags): Promise<number> {
  if (text === undefined) throw new CommandFailure("Name a domain, such as `hopseal policy pine.example`", EXIT.usage);
  if (flags.explain !== undefined) return await explainFor(text, { ...flags, program: flags.explain });
  const demand = DEMANDS.get(flags.message);
  if (demand === undefined) {
    throw new CommandFailure(`--message takes ${[...DEMANDS.keys()].join(", ")}, not ${flags.message}`, EXIT.usage);
  }
  const recipient = recipientOf(text);
  if (recipient === undefined) throw new CommandFailure(`"${text}" is no domain`, EXIT.usage);
  const { config } = requireConfig(flags.config);
  await using looking = await open(config);
  const looked = await looking.look(recipient, demand);
  const finding: PolicyFinding = { domain: recipient.domain, message: flags.message, looked };
  if (flags.json === true) printJson(policyJson(finding));
  else for (const line of policyText(finding)) print(line);
  return exitOf(finding);
}

async function open(config: Parameters<typeof openPolicyLook>[0]): Promise<PolicyLook> {
  try {
    return await openPolicyLook(config);
  } catch (error) {
    throw new CommandFailure(error instanceof Error ? error.message : String(error));
  }
}

/** A domain stands for any of its addresses; only routes of single addresses tell them apart. */
function recipientOf(text: string): Mailbox | undefined {
  if (text.includes("@")) {
    const mailbox = parseMailbox(text, { utf8: true });
    return mailbox.ok ? mailbox.value : undefined;
  }
  const host = parseMailHost(text.endsWith(".") ? text.slice(0, -1) : text, { utf8: true });
  return host.ok ? { localPart: "", domain: host.value } : undefined;
}

const ASKED = { source: "submitter", says: "--message asks for it" } as const;
const DEMANDS: ReadonlyMap<string, TlsDemand> = new Map<string, TlsDemand>([
  ["may", NO_DEMAND],
  ["encrypt", { level: "encrypt", propagate: false, because: [ASKED] }],
  ["secure", { level: "secure", propagate: false, because: [ASKED] }],
  [
    "requiretls",
    {
      level: "secure",
      mxAuthentic: "dnssec-or-sts",
      propagate: true,
      because: [{ source: "requiretls", says: "the message requires TLS on every hop", rule: "RFC 8689 §4.2.1" }],
    },
  ],
  [
    "tls-required-no",
    {
      level: "may",
      propagate: false,
      tlsOptional: true,
      because: [{ source: "tls-required-no", says: "the message says TLS-Required: No", rule: "RFC 8689 §4.1" }],
    },
  ],
]);
