import type { Token } from "./lex.ts";

/**
 * Turns what looks like a "by" clause but names no host into a comment: `by uid 502` (qmail-scanner), and
 * `by authid <user> with cram_md5` (Exim as some configure it).
 */
export function foldAsides(tokens: readonly Token[]): readonly Token[] {
  if (!tokens.some(isAside)) return tokens;
  const kept: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    const length = isBy(token) ? asideLength(tokens, at) : 0;
    if (length === 0) {
      kept.push(token);
      continue;
    }
    const run = tokens.slice(at + 1, at + length);
    const end = run[run.length - 1]?.end ?? token.end;
    kept.push({ ...token, kind: "comment", text: run.map((one) => one.text).join(" "), end });
    at += length - 1;
  }
  return kept;
}

function isAside(token: Token): boolean {
  return token.kind === "word" && ASIDE.test(token.text);
}

/** How many tokens belong together, or 0. */
function asideLength(tokens: readonly Token[], at: number): number {
  const [word, value, more, method] = tokens.slice(at + 1, at + 5);
  if (word?.kind !== "word" || value === undefined) return 0;
  if (word.text === "uid") return value.kind === "word" && NUMBER.test(value.text) ? 3 : 0;
  if (word.text !== "authid" || (value.kind !== "word" && value.kind !== "angle")) return 0;
  return more?.kind === "word" && more.text === "with" && method?.kind === "word" ? 5 : 3;
}

function isBy(token: Token): boolean {
  return token.kind === "word" && token.text === "by";
}

const ASIDE = /^(?:uid|authid)$/;
const NUMBER = /^\d{1,10}$/;
