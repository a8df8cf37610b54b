/** An Authentication-Results value (RFC 8601 §2.2), or one of ARC with its instance (RFC 8617 §4.1.1). */
export interface AuthResults {
  readonly instance?: number;
  readonly authservId?: string;
  readonly results: readonly { readonly method: string; readonly result: string; readonly detail: string }[];
}

/** Reads what can be read; parts that do not follow the grammar are left out. */
export function readResults(value: string): AuthResults {
  const parts = splitParts(value.slice(0, LONGEST));
  let at = 0;
  const instance = INSTANCE.exec(parts[0] ?? "")?.[1];
  if (instance !== undefined) at++;
  const authservId = (parts[at] ?? "").split(" ", 1)[0];
  const results = parts.slice(at + 1).flatMap((part) => {
    const found = METHOD.exec(part);
    if (found === null) return [];
    const [, method = "", result = "", detail = ""] = found;
    return [{ method: method.toLowerCase(), result: result.toLowerCase(), detail: detail.trim() }];
  });
  return {
    ...(instance === undefined ? {} : { instance: Number(instance) }),
    ...(authservId === undefined || authservId === "" ? {} : { authservId }),
    results,
  };
}

/** The parts between semicolons, without comments, white space normalised; quoted strings stay whole. */
function splitParts(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length && parts.length < MOST_PARTS; at++) {
    const character = text[at] ?? "";
    if (character === "\\" && (quoted || depth > 0)) {
      at++;
      if (quoted) part += text[at] ?? "";
    } else if (quoted) {
      if (character === '"') quoted = false;
      else part += character;
    } else if (character === "(") depth++;
    else if (character === ")") depth = Math.max(0, depth - 1);
    else if (depth > 0) continue;
    else if (character === '"') quoted = true;
    else if (character === ";") {
      parts.push(normal(part));
      part = "";
    } else part += character;
  }
  parts.push(normal(part));
  return parts;
}

function normal(text: string): string {
  return text.replace(WHITE_SPACE, " ").trim();
}

const LONGEST = 20_000;
const MOST_PARTS = 200;
const WHITE_SPACE = /\s+/g;
const INSTANCE = /^i ?= ?(\d{1,3})$/;
const METHOD = /^([A-Za-z][A-Za-z0-9-]{0,40})(?: ?\/ ?\d{1,4})? ?= ?([A-Za-z]{1,20})(?: (.*))?$/;
