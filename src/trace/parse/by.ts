import { compact } from "../compact.ts";
import { readAddress } from "./address.ts";
import { type Token, unquote } from "./lex.ts";
import type { ReceivedBy } from "./types.ts";

/** Reads what stands between "by" and the next clause: the writer's name, its address, and what it says of itself. */
export function readBy(tokens: readonly Token[]): ReceivedBy | undefined {
  const first = tokens[0];
  if (first === undefined || first.kind === "comment" || first.kind === "stray") return undefined;
  const own = first.kind === "bracket" || first.kind === "word" ? readAddress(first.text) : undefined;
  const literal = own !== undefined && (first.kind === "bracket" || first.text.includes("."));
  const comments = tokens
    .filter((token) => token.kind === "comment" || token.kind === "bracket")
    .slice(0, MOST_COMMENTS);
  const address = comments.map((token) => readAddress(addressText(token))).find((one) => one !== undefined) ?? own;
  const comment = comments.find((token) => token.kind === "comment" && readAddress(addressText(token)) === undefined);
  return compact<ReceivedBy>({
    // Google writes its internal hosts as something like an IPv6 address: both a name and an address.
    name: literal ? undefined : unquote(first.text),
    ip: address?.ip,
    port: address?.port,
    comment: comment?.text.trim(),
  });
}

/** The address in `[1.2.3.4]`, `([1.2.3.4]:25)` and `(1.2.3.4)`. */
function addressText(token: Token): string {
  const text = token.text.trim();
  if (token.kind === "bracket" || text.length > LONGEST) return text;
  const parts = BRACKETED.exec(text);
  return parts === null ? text : `${parts[1]}${parts[2] ?? ""}`;
}

const MOST_COMMENTS = 5;
const LONGEST = 120;
const BRACKETED = /^(?:[^\s[\]]{1,255} )?\[([^\]]*)\](:\d{1,5})?$/;
