import { systemClock } from "../../base/mod.ts";
import { type KnownHop, openPolicyLook, type PolicyAnswer, policyAnswer } from "../../daemon/mod.ts";
import { explain, formatNextHop, formatReply, NOT_EXPRESSED, parseNextHop, ROWS } from "../../policy/mod.ts";
import { CommandFailure, EXIT } from "../exit.ts";
import { nameOf, type PlannedHost } from "../policy-report.ts";
import { print, printJson } from "../print.ts";
import { requireConfig } from "../settings.ts";

/** What is told about a next hop, with the decisions that it comes from. */
export interface Explained {
  readonly hop: KnownHop;
  readonly answer: PolicyAnswer;
  /** What was decided for each host, in words. */
  readonly hosts: readonly { readonly host: string; readonly decided: string }[];
  readonly notes: readonly string[];
}

/** `hopseal policy NEXT-HOP --explain postfix`; the exit status. */
export async function explainFor(
  text: string,
  flags: { readonly program: string; readonly config?: string; readonly json?: boolean },
): Promise<number> {
  if (flags.program !== "postfix") {
    throw new CommandFailure(`--explain takes postfix, not ${flags.program}`, EXIT.usage);
  }
  const hop = parseNextHop(text);
  if (!hop.ok) throw new CommandFailure(`${JSON.stringify(text)} is no next hop: ${hop.error}`, EXIT.usage);
  if (hop.value.kind === "other") {
    throw new CommandFailure(`Nothing is said about ${JSON.stringify(text)}; name a domain or a host`, EXIT.usage);
  }
  const explained = await explainHop(hop.value, flags.config);
  if (flags.json === true) printJson(explainedJson(explained));
  else for (const line of explainedText(explained)) print(line);
  const { reply, row } = explained.answer;
  if (reply.kind === "found" || reply.kind === "not-found") return EXIT.ok;
  return row === "failed" ? EXIT.tryAgain : EXIT.finding;
}

async function explainHop(hop: KnownHop, file: string | undefined): Promise<Explained> {
  const { config } = requireConfig(file);
  try {
    await using looking = await openPolicyLook(config);
    const { plan, notes } = await looking.nextHop(hop);
    const answer = policyAnswer(plan, { open: config.policy_service.open, now: systemClock.now() });
    return { hop, answer, hosts: plan.kind === "hosts" ? plan.hosts.map(decided) : [], notes };
  } catch (error) {
    throw new CommandFailure(error instanceof Error ? error.message : String(error));
  }
}

function decided(host: PlannedHost): Explained["hosts"][number] {
  return { host: nameOf(host), decided: explain(host.decision)[0] ?? "" };
}

/** For people, one line each. */
export function explainedText({ hop, answer, hosts, notes }: Explained): readonly string[] {
  const { when, beside, differs } = ROWS[answer.row];
  return [
    ...notes.map((note) => `Note: ${note}`),
    `Next hop ${formatNextHop(hop)}, as Postfix asks for it`,
    "",
    `  answer   ${formatReply(answer.reply).trimEnd()}`,
    `  for      ${when}`,
    `  beside   ${BESIDE[beside]}: ${differs}`,
    ...hosts.map(({ host, decided: what }, at) => `  ${at === 0 ? "hosts   " : "        "} ${host}: ${what}`),
    ...answer.because.map((reason, at) => `  ${at === 0 ? "because " : "        "} ${reason}`),
    ...NOT_EXPRESSED.map((what, at) => `  ${at === 0 ? "not said" : "        "} ${what}`),
  ];
}

/** The same as JSON, version 1. */
export function explainedJson({ hop, answer, hosts, notes }: Explained): unknown {
  const { when, beside, differs } = ROWS[answer.row];
  return {
    version: 1,
    nextHop: formatNextHop(hop),
    answer: formatReply(answer.reply).trimEnd(),
    row: answer.row,
    when,
    beside,
    differs,
    hosts,
    because: answer.because,
    notExpressed: NOT_EXPRESSED,
    notes,
  };
}

const BESIDE = {
  same: "as our own delivery",
  stricter: "stricter than our own delivery",
  weaker: "weaker than our own delivery",
  waits: "mail waits",
} as const;
