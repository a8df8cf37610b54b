import { compact } from "../compact.ts";
import { isLoopback, readAddress, type SeenAddress } from "./address.ts";
import { readAuthComment } from "./auth.ts";
import { lex, type Token, unquote } from "./lex.ts";
import { ownWords, readSeen, type Seen } from "./seen.ts";
import { readTlsComment } from "./tls.ts";
import type { LocalHint, ReceivedFrom } from "./types.ts";

export interface FromReading {
  readonly from: ReceivedFrom;
  readonly local?: LocalHint;
  readonly envelopeFrom?: string;
  /** The user of a webmail program, written as `as user NAME`. */
  readonly user?: string;
  /** Two comments show different addresses. */
  readonly ambiguous: boolean;
}

/**
 * Reads everything between "from" and the next clause. Where a comment repeats what HELO said, the word after "from" is
 * the looked-up name; otherwise it is what HELO said.
 */
export function readFrom(tokens: readonly Token[]): FromReading {
  const head = readHead(tokens);
  const seen = tokens
    .slice(head.used)
    .map(seenIn)
    .filter((one) => one !== undefined);
  const addressed = seen.filter((one) => one.address !== undefined);
  const address = addressed[addressed.length - 1]?.address;
  // Exim without a name: `[address] (helo=…)`. What then shows another address came from the client.
  const headFirst = head.bracket && seen.some((one) => one.heloSetting === true && one.address === undefined);
  const claimed = CLAIMING.exec(head.rest);
  const helo = last(seen, "helo") ?? claimed?.[1];
  const heloCommand = last(seen, "heloCommand");
  const repeated = heloCommand !== undefined || helo !== undefined;
  const own = head.address !== undefined || NO_NAME.test(head.name ?? "") ? undefined : head.name;
  const rdns = last(seen, "name") ?? (repeated ? own : undefined);
  const at = headFirst ? head.address : (address ?? head.address);
  const from = compact<ReceivedFrom>({
    name: head.name,
    nameIp: head.address?.ip,
    helo: repeated ? helo : head.phrase ? undefined : (head.said ?? head.name),
    helo_cmd: heloCommand,
    rdns,
    rdnsConfirmed: confirmed(seen, rdns),
    ip: at?.ip,
    ipSeen: address !== undefined && !headFirst,
    port: at?.port ?? head.port ?? (at === undefined ? undefined : last(seen, "port")),
    ident: last(seen, "ident"),
    identText: last(seen, "identText"),
  });
  const local = head.pickup ? "pickup" : last(seen, "local");
  // Who came from another machine cannot have handed the message over on this one.
  const remote = at !== undefined && !(address !== undefined && isLoopback(at.ip));
  const differs = addressed.some((one) => one.address?.ip !== at?.ip);
  return compact<FromReading>({
    from,
    local: remote ? undefined : local,
    envelopeFrom: last(seen, "envelopeFrom"),
    user: AS_USER.exec(head.rest)?.[1],
    ambiguous: differs,
  });
}

interface Head {
  readonly name: string | undefined;
  readonly address: SeenAddress | undefined;
  /** The address stands in brackets. */
  readonly bracket: boolean;
  readonly port: number | undefined;
  /** All words in front of the first comment, when clause words stand among them. */
  readonly said: string | undefined;
  readonly rest: string;
  readonly used: number;
  readonly pickup: boolean;
  /** Words for people, not a name. */
  readonly phrase: boolean;
}

/** The word after "from" and the words that follow it in front of the first comment. */
function readHead(tokens: readonly Token[]): Head {
  const first = tokens[0];
  const comment = tokens.findIndex((token, at) => token.kind === "comment" || (at > 0 && isAddress(token)));
  const used = comment < 0 ? tokens.length : comment;
  const rest = tokens
    .slice(1, Math.min(used, MOST_WORDS))
    .map((token) => token.text)
    .join(" ");
  const address = first === undefined ? undefined : headAddress(first);
  const port = tokens[1]?.glued === true ? PORT.exec(tokens[1].text)?.[1] : undefined;
  const name = first === undefined || used === 0 ? undefined : headName(first, address);
  return {
    name,
    address,
    bracket: first?.kind === "bracket" && address !== undefined,
    port: port === undefined ? undefined : Number(port),
    said: CLAUSE_WORDS.test(rest) ? `${name ?? ""} ${rest}`.trim() : undefined,
    rest: tokens
      .slice(1, MOST_WORDS)
      .filter((token) => token.kind !== "comment")
      .map((token) => token.text)
      .join(" "),
    used,
    pickup: name?.toLowerCase() === "mail" && PICKUP.test(rest),
    phrase: PHRASE.test(`${name} ${rest}`),
  };
}

function headAddress(token: Token): SeenAddress | undefined {
  return token.kind === "bracket" || token.kind === "word" ? readAddress(token.text) : undefined;
}

function headName(token: Token, address: SeenAddress | undefined): string | undefined {
  if (token.kind === "comment" || token.kind === "stray") return undefined;
  if (token.kind !== "bracket") return unquote(token.text);
  return address === undefined ? undefined : `[${token.text}]`;
}

function isAddress(token: Token): boolean {
  return token.kind === "bracket" && readAddress(token.text) !== undefined;
}

function seenIn(token: Token): Seen | undefined {
  if (token.kind === "bracket") {
    const address = readAddress(token.text);
    return address === undefined ? undefined : { address };
  }
  if (token.kind !== "comment") return undefined;
  // A comment about TLS or AUTH alone shows no name; one of Courier's shows both.
  const own = ownWords(token.text);
  if (!SHOWS_CLIENT.test(own) && (readTlsComment(own) ?? readAuthComment(own)) !== undefined) return undefined;
  return readSeen(token.text);
}

function last<K extends keyof Seen>(seen: readonly Seen[], key: K): Seen[K] | undefined {
  return seen.findLast((one) => one[key] !== undefined)?.[key];
}

function confirmed(seen: readonly Seen[], rdns: string | undefined): boolean | undefined {
  if (rdns === undefined) return undefined;
  return seen.some((one) => one.forged === true) ? false : undefined;
}

/** A field that is nothing but a comment: `(from user@host)`, as sendmail and others write for local mail. */
export function readFromComment(text: string): FromReading | undefined {
  const parts = FROM_COMMENT.exec(text.slice(0, LONGEST_COMMENT));
  return parts === null ? undefined : readFrom(lex(parts[1] ?? ""));
}

const MOST_WORDS = 30;
const LONGEST_COMMENT = 1000;
const FROM_COMMENT = /^\s*from\s+([\s\S]+)$/i;
const PORT = /^:(\d{1,5})$/;
const PICKUP = /^pickup service/i;
const PHRASE = /^(?:mail pickup service|authenticated user)\b/i;
const AS_USER = /(?:^| )as user (\S+)/i;
const CLAIMING = /claiming to be (\S+)/i;
const CLAUSE_WORDS = /(?:^| )(?:by|with|id|for|via|tls) /i;
const NO_NAME = /^(?:unknown|unverified|nodnsquery|softdnserr|no\.name\.available)$/i;
const SHOWS_CLIENT = /@\S+ with |\[|^\s*account\b/i;
