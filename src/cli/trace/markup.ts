/** Markup that is safe to send: made by `html` alone. */
export interface Markup {
  readonly markup: string;
}

/** The one encoder: every value is escaped unless it is markup already; arrays are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  let markup = strings[0] ?? "";
  for (const [at, value] of values.entries()) markup += encode(value) + (strings[at + 1] ?? "");
  return { markup };
}

export type Value = string | number | undefined | Markup | readonly Value[];

function encode(value: Value): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return escape(value);
  return isMarkup(value) ? value.markup : value.map(encode).join("");
}

function escape(text: string): string {
  return text
    .toWellFormed()
    .replace(INVISIBLE, "\ufffd")
    .replace(SPECIAL, (character) => ENTITIES.get(character) ?? "");
}

function isMarkup(value: Markup | readonly Value[]): value is Markup {
  return "markup" in value;
}

/** Controls and formatting characters, but the line ends and tabs of folded fields. */
const INVISIBLE = /(?![\t\r\n])\p{C}/gu;
const SPECIAL = /[&<>"'`]/g;
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
  ["`", "&#96;"],
]);
