import { err, ok, type Result } from "../base/mod.ts";
import { type Domain, type ForwardPath, formatMailbox, isLiteral, type Mailbox } from "../mail/mod.ts";
import { publish } from "../observe/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { type AliasTable, caseless, expandAliases } from "./aliases.ts";

/** Whether a mailbox exists; `"unknown"` when that could not be found out, which is never read as no. */
export type Existence = boolean | "unknown";

/** A domain whose mail is accepted from strangers. */
export interface LocalDomain {
  readonly name: Domain;
  readonly aliases: AliasTable;
  exists(localPart: string): Existence | Promise<Existence>;
  /** The spelling under which its mailbox is kept; identity where letter case may matter to the next hop. */
  canonical(localPart: string): string;
  /** Nobody looks who exists: the next hop decides what a local part means. */
  readonly takesAll?: boolean;
  /** Mail that it forwards elsewhere gets a sender of its own (SRS). */
  readonly srs?: boolean;
}

export interface RecipientRules {
  /** Our own name, whose postmaster can be reached too. */
  readonly hostname?: Domain;
  readonly domains: ReadonlyMap<Domain, LocalDomain>;
  /** Where mail to any postmaster goes that has no mailbox or alias of its own (RFC 5321 §4.5.1). */
  readonly postmaster: Mailbox;
}

export interface Accepted {
  /** The address as it was given. */
  readonly asked: Mailbox;
  /** Where its mail goes: itself, or what its aliases lead to. */
  readonly targets: readonly Mailbox[];
}

type Verdict = Result<Accepted, Status>;

/** Judges one recipient. `mayRelay` is true for clients that may send anywhere. Answers at once where it can. */
export function judgeRecipient(
  rules: RecipientRules,
  path: ForwardPath,
  mayRelay: boolean,
): Verdict | Promise<Verdict> {
  const asked = path.kind === "postmaster" ? rules.postmaster : path.mailbox;
  const local = domainOf(rules, asked);
  if (local === undefined) {
    // RFC 5321 §4.5.1: <Postmaster> is accepted, wherever our postmaster lives.
    if (path.kind === "postmaster") return ok({ asked, targets: [asked] });
    if (isPostmaster(asked) && asked.domain === rules.hostname) return toPostmaster(rules, asked);
    return mayRelay ? ok({ asked, targets: [asked] }) : denied(asked);
  }
  // A next hop that trusts us may follow the route in it, on to anywhere (RFC 5321 §3.6.1).
  if (local.takesAll === true && !mayRelay && ROUTED.test(asked.localPart)) return denied(asked);
  const expanded = expandAliases(asked, (domain) => rules.domains.get(domain)?.aliases);
  if (!expanded.ok) {
    publish("hopseal:fault", { where: "aliases", text: `${formatMailbox(asked)}: ${expanded.error.kind}` });
    return err(statusOf("local-error", `The aliases of ${formatMailbox(asked)} lead nowhere`));
  }
  const targets = expanded.value.map((mailbox) => canonical(rules, mailbox));
  const answers = targets.map((mailbox) => domainOf(rules, mailbox)?.exists(mailbox.localPart) ?? true);
  return answers.some((answer) => answer instanceof Promise)
    ? Promise.all(answers.map((answer) => Promise.resolve(answer))).then((settled) =>
        conclude(rules, asked, targets, settled),
      )
    : conclude(rules, asked, targets, answers as Existence[]);
}

/** Whether mail to it stays here, or goes where a route of ours says. */
export function isOurs(rules: RecipientRules, mailbox: Mailbox): boolean {
  return domainOf(rules, mailbox) !== undefined;
}

function conclude(
  rules: RecipientRules,
  asked: Mailbox,
  targets: readonly Mailbox[],
  answers: readonly Existence[],
): Verdict | Promise<Verdict> {
  if (answers.includes("unknown")) {
    return err(statusOf("local-error", `Cannot tell now whether ${formatMailbox(asked)} exists, try again later`));
  }
  const existing = targets.filter((_, at) => answers[at] === true);
  for (const [at, target] of targets.entries()) {
    if (answers[at] === false && existing.length > 0) {
      publish("hopseal:fault", {
        where: "aliases",
        text: `${formatMailbox(asked)} leads to ${formatMailbox(target)}, which does not exist`,
      });
    }
  }
  if (existing.length > 0) return ok({ asked, targets: existing });
  // RFC 5321 §4.5.1: postmaster of every domain of ours is deliverable.
  if (sameMailbox(asked, rules.postmaster)) return ok({ asked, targets: [rules.postmaster] });
  if (isPostmaster(asked)) return toPostmaster(rules, asked);
  return err(statusOf("unknown-recipient", `There is no mailbox ${formatMailbox(asked)} here`));
}

/** Mail to `asked` goes where mail to our postmaster goes. */
function toPostmaster(rules: RecipientRules, asked: Mailbox): Verdict | Promise<Verdict> {
  const verdict = judgeRecipient(rules, { kind: "mailbox", mailbox: rules.postmaster }, true);
  const renamed = (found: Verdict): Verdict => (found.ok ? ok({ ...found.value, asked }) : found);
  return verdict instanceof Promise ? verdict.then(renamed) : renamed(verdict);
}

function denied(asked: Mailbox): Result<never, Status> {
  return err(statusOf("relay-denied", `Relaying to ${formatMailbox(asked)} is not allowed`));
}

function canonical(rules: RecipientRules, mailbox: Mailbox): Mailbox {
  const local = domainOf(rules, mailbox);
  return local === undefined ? mailbox : { ...mailbox, localPart: local.canonical(mailbox.localPart) };
}

/** The domain of ours that the address belongs to. */
export function domainOf(rules: RecipientRules, mailbox: Mailbox): LocalDomain | undefined {
  return isLiteral(mailbox.domain) ? undefined : rules.domains.get(mailbox.domain);
}

function isPostmaster(mailbox: Mailbox): boolean {
  return mailbox.localPart.toLowerCase() === "postmaster";
}

function sameMailbox(left: Mailbox, right: Mailbox): boolean {
  return caseless(left) === caseless(right);
}

/** `user%host`, `host!user` and `"user@host"`: a route inside the local part. */
const ROUTED = /[%!@]/;
