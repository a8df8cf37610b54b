/** Text that is HTML or SVG already. It comes from `markup` alone, which encodes whatever it is given. */
export interface Markup {
  readonly markup: string;
}

type Value = string | number | Markup | readonly Markup[];

/** A template in which every value is encoded, unless it is markup itself; a list of markup is put together as it is. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return { markup: String.raw({ raw: parts }, ...values.map(encoded)) };
}

function encoded(value: Value): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return encode(value);
  return "markup" in value ? value.markup : value.map((one) => one.markup).join("");
}

/** For text and for attribute values in double or single quotes. What neither HTML nor XML allows becomes U+FFFD. */
export function encode(text: string): string {
  return text.replaceAll(SPECIAL, (character) => ENTITIES.get(character) ?? "\u{fffd}");
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);
const SPECIAL = /[&<>"'\p{Cs}\ufffe\uffff]|(?![\t\n\r])\p{Cc}/gu;
