/** A media type in lower case with its parameters; names in lower case, values as they stand (RFC 2045 §5.1). */
export interface MediaType {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Parses the unfolded value of Content-Type; undefined when it is none. A parameter that is malformed or repeated is too. */
export function parseMediaType(value: string): MediaType | undefined {
  const lexer = { text: value, at: 0 };
  const type = word(lexer);
  if (type === undefined || !sign(lexer, "/")) return undefined;
  const subtype = word(lexer);
  if (subtype === undefined) return undefined;
  const parameters = new Map<string, string>();
  for (;;) {
    skip(lexer);
    if (lexer.at >= value.length) return { type: type.toLowerCase(), subtype: subtype.toLowerCase(), parameters };
    if (!sign(lexer, ";")) return undefined;
    skip(lexer);
    // A semicolon at the end, or two of them, say nothing.
    if (lexer.at >= value.length || value[lexer.at] === ";") continue;
    const name = word(lexer)?.toLowerCase();
    if (name === undefined || !sign(lexer, "=")) return undefined;
    const found = word(lexer) ?? quoted(lexer);
    if (found === undefined || parameters.has(name)) return undefined;
    parameters.set(name, found);
  }
}

/** The one token of a value, in lower case, such as that of Content-Transfer-Encoding (RFC 2045 §6.1). */
export function parseToken(value: string): string | undefined {
  const lexer = { text: value, at: 0 };
  const found = word(lexer);
  skip(lexer);
  return lexer.at >= value.length ? found?.toLowerCase() : undefined;
}

interface Lexer {
  readonly text: string;
  at: number;
}

function sign(lexer: Lexer, wanted: string): boolean {
  skip(lexer);
  if (lexer.text[lexer.at] !== wanted) return false;
  lexer.at++;
  return true;
}

/** RFC 2045 §5.1 token. */
function word(lexer: Lexer): string | undefined {
  skip(lexer);
  const start = lexer.at;
  while (lexer.at < lexer.text.length && isTokenCharacter(lexer.text.charCodeAt(lexer.at))) lexer.at++;
  return lexer.at === start ? undefined : lexer.text.slice(start, lexer.at);
}

/** RFC 5322 §3.2.4 */
function quoted(lexer: Lexer): string | undefined {
  skip(lexer);
  if (lexer.text[lexer.at] !== '"') return undefined;
  const parts: string[] = [];
  for (let at = lexer.at + 1; at < lexer.text.length; at++) {
    const character = lexer.text[at] ?? "";
    if (character === '"') {
      lexer.at = at + 1;
      return parts.join("");
    }
    if (character === "\\") at++;
    parts.push(lexer.text[at] ?? "");
  }
  return undefined;
}

/** White space and comments (RFC 5322 §3.2.2); one that is not closed lasts to the end. */
function skip(lexer: Lexer): void {
  let depth = 0;
  for (; lexer.at < lexer.text.length; lexer.at++) {
    const character = lexer.text[lexer.at] ?? "";
    if (character === "(") depth++;
    else if (depth > 0 && character === ")") depth--;
    else if (depth > 0 && character === "\\") lexer.at++;
    else if (depth === 0 && !WHITE.has(character)) return;
  }
}

function isTokenCharacter(code: number): boolean {
  return code > 0x20 && code < 0x7f && !TSPECIALS.has(String.fromCharCode(code));
}

const WHITE: ReadonlySet<string> = new Set([" ", "\t", "\r", "\n"]);
const TSPECIALS: ReadonlySet<string> = new Set('()<>@,;:\\"/[]?=');
