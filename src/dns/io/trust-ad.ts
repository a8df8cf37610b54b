import type { Clock, Instant, Result } from "../../base/mod.ts";
import { err } from "../../base/mod.ts";
import type { Alias, Answer, DnsName, QueryOptions, RecordType, RecordTypes, Security } from "../answer.ts";
import { messageLifetime } from "../cache/lifetime.ts";
import { recordSets, subjectOf } from "../dnssec/rrset.ts";
import { linkAt } from "../resolve/chain.ts";
import { typedAnswer } from "../resolve/typed.ts";
import type { Lookup, ProvingResolver } from "../resolve/types.ts";
import type { Exchange, ExchangeFault } from "../wire/exchange.ts";
import type { Message, RawRecord } from "../wire/message.ts";
import { RCODE, rcodeName } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { lowerName, nameText, parseName } from "../wire/name.ts";
import { TYPE } from "../wire/types.ts";

export interface TrustAdOptions {
  /** Asks with checking: the server validates and sets AD. */
  readonly checked: Exchange;
  /** Asks with CD: tells what the server refuses as bogus from what it cannot get. */
  readonly unchecked: Exchange;
  readonly clock: Clock;
  /** Who is trusted, for the operator. */
  readonly server: string;
}

/**
 * A resolver that believes the AD bit of its server. Sound only when nobody can stand between the two; the caller
 * makes sure of that.
 */
// RFC 4035 §4.9.3, RFC 7672 §2.1.3
export function trustAdResolver(options: TrustAdOptions): ProvingResolver {
  const find = async (name: DnsName, type: number, query: QueryOptions = {}): Promise<Lookup> => {
    query.signal?.throwIfAborted();
    const parsed = parseName(name);
    const answer: Answer<RawRecord> = parsed.ok
      ? await follow({ name: parsed.value, type }, { options, query })
      : {
          name,
          chain: [],
          kind: "failure",
          cause: "unavailable",
          detail: `"${name}" is no domain name: ${parsed.error}`,
        };
    return { answer, proof: proofOf(answer, { subject: parsed.ok ? subjectOf(parsed.value, type) : name, options }) };
  };
  return {
    lookup: find,
    async query<T extends RecordType>(name: DnsName, type: T, query?: QueryOptions): Promise<Answer<RecordTypes[T]>> {
      return typedAnswer(type, (await find(name, TYPE[type], query)).answer);
    },
  };
}

interface Question {
  readonly name: Name;
  readonly type: number;
}

interface Context {
  readonly options: TrustAdOptions;
  readonly query: QueryOptions;
}

async function follow(asked: Question, context: Context): Promise<Answer<RawRecord>> {
  const chain: Alias[] = [];
  const about = { name: text(asked.name), chain };
  let current = asked.name;
  let security: Security = "secure";
  let expires: Instant = Number.POSITIVE_INFINITY;
  while (chain.length <= MOST_ALIASES) {
    const reply = await askChecked({ name: current, type: asked.type }, context);
    if (!reply.ok) return { ...about, kind: "failure", ...reply.error };
    const message = reply.value;
    if (!message.flags.ad) security = "insecure";
    expires = Math.min(expires, context.options.clock.now() + messageLifetime(message) * 1000);
    const read = await readAliases({ name: current, type: asked.type }, message, { context, chain });
    if (read.kind === "malformed") return { ...about, kind: "failure", cause: "unavailable", detail: read.detail };
    if (read.kind === "data") return { ...about, kind: "data", security, records: read.records, expires };
    if (read.at === current || message.authority.some(({ type }) => type === TYPE.SOA)) {
      const kind = message.rcode === RCODE.NXDOMAIN ? "nxdomain" : "nodata";
      return { ...about, kind, security, expires };
    }
    current = read.at;
  }
  return { ...about, kind: "failure", cause: "unavailable", detail: `more than ${MOST_ALIASES} aliases` };
}

type Refusal = { readonly cause: "bogus" | "unavailable"; readonly detail: string };

/** A refusal that vanishes with checking disabled is bogus; any other is a lack of an answer. */
async function askChecked(question: Question, { options, query }: Context): Promise<Result<Message, Refusal>> {
  const reply = await options.checked.ask(question, query);
  if (reply.ok) {
    return ANSWERS.has(reply.value.rcode)
      ? reply
      : err({ cause: "unavailable", detail: `the answer is ${rcodeName(reply.value.rcode)}` });
  }
  const unchecked: Result<Message, ExchangeFault> = await options.unchecked.ask(question, query);
  const gets = unchecked.ok && ANSWERS.has(unchecked.value.rcode);
  return err({ cause: gets ? "bogus" : "unavailable", detail: reply.error.detail });
}

type Read =
  | { readonly kind: "data"; readonly records: readonly RawRecord[] }
  | { readonly kind: "nothing"; readonly at: Name }
  | { readonly kind: "malformed"; readonly detail: string };

async function readAliases(
  asked: Question,
  message: Message,
  { context, chain }: { readonly context: Context; readonly chain: Alias[] },
): Promise<Read> {
  const sets = recordSets(message.answer);
  let at = asked.name;
  while (chain.length <= MOST_ALIASES) {
    const link = linkAt(at, asked.type, sets);
    if (link.kind === "malformed") return link;
    if (link.kind === "data") return { kind: "data", records: link.records };
    if (link.kind === "nothing") return { kind: "nothing", at };
    const target = text(link.target);
    if (chain.some(({ owner }) => owner === target) || target === text(at)) {
      return { kind: "malformed", detail: "the aliases go in a circle" };
    }
    chain.push({ owner: text(at), target, security: await linkSecurity(at, message, { context, chain }) });
    at = link.target;
  }
  return { kind: "nothing", at };
}

/** AD covers a whole answer; without it, each alias is asked for by itself. */
// RFC 7672 §2.1.3
async function linkSecurity(
  owner: Name,
  message: Message,
  { context, chain }: { readonly context: Context; readonly chain: readonly Alias[] },
): Promise<Security> {
  if (message.flags.ad) return "secure";
  if (chain.some(({ security }) => security === "insecure")) return "insecure";
  const own = await askChecked({ name: owner, type: TYPE.CNAME }, context);
  return own.ok && own.value.flags.ad ? "secure" : "insecure";
}

function proofOf(
  answer: Answer<RawRecord>,
  about: { readonly subject: string; readonly options: TrustAdOptions },
): Lookup["proof"] {
  const { subject, options } = about;
  const failed = answer.kind === "failure";
  const verdict = failed ? answer.cause : answer.security;
  const bit = verdict === "secure" ? "AD is set" : "AD is not set";
  const detail = failed ? answer.detail : `${bit} by ${options.server}, whose word is taken (trust-ad)`;
  const children = answer.chain.map((alias) => ({
    kind: "alias" as const,
    subject: `${alias.owner}. CNAME ${alias.target}.`,
    verdict: alias.security,
    detail: `by ${options.server}`,
    children: [],
  }));
  return { kind: "answer", subject, verdict, detail, children };
}

function text(name: Name): string {
  return nameText(lowerName(name));
}

const ANSWERS: ReadonlySet<number> = new Set([RCODE.NOERROR, RCODE.NXDOMAIN]);
const MOST_ALIASES = 8;
