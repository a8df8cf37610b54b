/** One import of a module, however it is written. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
}

interface Token {
  readonly kind: "word" | "string" | "mark";
  readonly text: string;
  readonly line: number;
}

/**
 * Finds what a TypeScript module imports: `import` and `export … from`, types too, `import(…)`, and files named by
 * `new URL("…", …)` for workers. Comments, strings, templates and regular expressions are passed over.
 */
export function scanImports(source: string): Import[] {
  const imports: Import[] = [];
  const tokens = tokenize(source);
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== "string") continue;
    const before = tokens[at - 1];
    const earlier = tokens[at - 2];
    const bare = before?.text === "from" || before?.text === "import";
    const call = before?.text === "(" && earlier?.text === "import";
    const url = before?.text === "(" && earlier?.text === "URL" && /^\.{1,2}\/.*\.ts$/.test(token.text);
    if (bare || call || url) imports.push({ specifier: token.text, line: token.line });
  }
  return imports;
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  // Depth of braces at which each open template goes on.
  const templates: number[] = [];
  let braces = 0;
  let line = 1;
  let at = 0;
  const skipTo = (end: number): void => {
    for (; at < end; at++) if (source[at] === "\n") line++;
  };
  while (at < source.length) {
    const character = source[at] ?? "";
    const two = source.slice(at, at + 2);
    if (two === "//") skipTo(endOr(source, source.indexOf("\n", at)));
    else if (two === "/*") skipTo(endOr(source, source.indexOf("*/", at + 2) + 2 || -1));
    else if (character === '"' || character === "'") {
      const end = closing(source, at + 1, character);
      tokens.push({ kind: "string", text: source.slice(at + 1, end), line });
      skipTo(end + 1);
    } else if (character === "`" || (character === "}" && templates.at(-1) === braces)) {
      if (character === "}") templates.pop();
      const end = templatePart(source, at + 1);
      if (source[end] === "$") templates.push(braces);
      tokens.push({ kind: "mark", text: "`", line });
      skipTo(source[end] === "$" ? end + 2 : end + 1);
    } else if (character === "/" && regexMayFollow(tokens.at(-1))) skipTo(regexEnd(source, at + 1));
    else if (WORD.test(character)) {
      const start = at;
      while (at < source.length && WORD.test(source[at] ?? "")) at++;
      tokens.push({ kind: "word", text: source.slice(start, at), line });
    } else {
      if (character === "{") braces++;
      if (character === "}") braces--;
      if (!/\s/.test(character)) tokens.push({ kind: "mark", text: character, line });
      skipTo(at + 1);
    }
  }
  return tokens;
}

function endOr(source: string, at: number): number {
  return at < 0 ? source.length : at;
}

/** The place of the quote that ends a string. */
function closing(source: string, from: number, quote: string): number {
  let at = from;
  while (at < source.length && source[at] !== quote && source[at] !== "\n") at += source[at] === "\\" ? 2 : 1;
  return at;
}

/** The place of the backtick, or of the "$" of "${", that ends this part of a template. */
function templatePart(source: string, from: number): number {
  let at = from;
  while (at < source.length && source[at] !== "`" && source.slice(at, at + 2) !== "${") {
    at += source[at] === "\\" ? 2 : 1;
  }
  return at;
}

/** A "/" divides after a value and begins a regular expression elsewhere; after ")" and "}" it is taken to divide. */
function regexMayFollow(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === "word") return ["return", "typeof", "case", "in", "of"].includes(previous.text);
  return previous.kind === "mark" && !")]}`".includes(previous.text);
}

function regexEnd(source: string, from: number): number {
  let inClass = false;
  let at = from;
  for (; at < source.length && source[at] !== "\n"; at++) {
    const character = source[at];
    if (character === "\\") at++;
    else if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
    else if (character === "/" && !inClass) return at + 1;
  }
  return at;
}

const WORD = /[\w$]/;
