import type { AuthStatement } from "./types.ts";

/** Reads a comment as a statement that the client authenticated itself; undefined when it says nothing of it. */
export function readAuthComment(text: string): AuthStatement | undefined {
  const short = text.slice(0, LONGEST).trim();
  if (!HINT.test(short) || NEGATED.test(short)) return undefined;
  for (const [pattern, user, mechanism] of SHAPES) {
    const parts = pattern.exec(short);
    if (parts === null) continue;
    const found: { source: "comment"; user?: string; mechanism?: string } = { source: "comment" };
    const name = user === 0 ? undefined : parts[user];
    const method = mechanism === 0 ? undefined : parts[mechanism];
    if (name !== undefined && name !== "") found.user = name;
    if (method !== undefined && method !== "") found.mechanism = method.toUpperCase().replaceAll("_", "-");
    return found;
  }
  return undefined;
}

const LONGEST = 400;
const HINT = /auth|account| with (?:plain|login|cram|digest|xymcookie)/i;
const NEGATED = /\b(?:not|no|un)[ -]?authenticated/i;
/** Pattern, group of the user, group of the mechanism; 0 where there is none. */
const SHAPES: readonly (readonly [RegExp, number, number])[] = [
  // Postfix
  [/^Authenticated sender: ?(\S+)/i, 1, 0],
  // Courier; a word alone is a user
  [/(?:^|[ ,])AUTH: ?(?:([A-Z0-9-]{3,20}) )?([^\s,]+)/, 2, 1],
  // qpsmtpd
  [/^smtp-auth username ([^\s,]+), mechanism ([^\s,)]+)/i, 1, 2],
  // CommuniGate
  [/^account (\S+)/i, 1, 0],
  // Exim as some configure it
  [/^authid (\S+)(?: with (\S+))?/, 1, 2],
  // webmail programs
  [/\bauthenticated user[:=]? ?(\S*)/i, 1, 0],
  [/\bauthenticated as ([^\s,)]+)/i, 1, 0],
  // Yahoo
  [/^([^\s@]+)@\[?[0-9a-f.:]+\]? with (plain|login|cram-md5|digest-md5|xymcookie)$/i, 1, 2],
  // MDaemon, PowerMTA and others
  [/^auth(?:enticated)?[=:] ?(\S+)/i, 1, 0],
  // sendmail, Haraka
  [/^authenticated(?: bits=\d+)?(?: by (\S+))?/i, 0, 0],
];
