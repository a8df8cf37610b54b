import { styleText } from "node:util";
import type { Strength } from "../../trace/mod.ts";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
/** Colours text, or leaves it alone. */
export type Paint = (style: Style, text: string) => string;

/** Colours only for a terminal, and not when NO_COLOR is set. */
export function paintFor(stream: NodeJS.WritableStream): Paint {
  return (style, text) => styleText(style, text, { stream });
}

export const plain: Paint = (_style, text) => text;

/** Text from a message for a terminal: no control, no invisible character, bounded. */
export function printable(text: string, limit = 200): string {
  const bounded = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return bounded.toWellFormed().replace(WHITE_SPACE, " ").replace(INVISIBLE, "\ufffd");
}

/** The mark and the word of a protection, the same in the terminal and on the page. */
export const STRENGTHS: Readonly<
  Record<Strength | "local", { readonly mark: string; readonly word: string; readonly style: Style }>
> = {
  "post-quantum": { mark: "●", word: "TLS, post-quantum", style: "green" },
  tls: { mark: "●", word: "TLS", style: "green" },
  weak: { mark: "▲", word: "weak TLS", style: "yellow" },
  unknown: { mark: "?", word: "not told", style: "yellow" },
  cleartext: { mark: "○", word: "cleartext", style: "red" },
  local: { mark: "·", word: "inside the machine", style: "dim" },
};

/** `42 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function span(seconds: number): string {
  const whole = Math.abs(Math.round(seconds));
  const sign = seconds < 0 && whole > 0 ? "-" : "";
  const first = Math.max(
    0,
    UNITS.findIndex(([, size]) => whole >= size),
  );
  const [unit, size] = whole === 0 ? (["s", 1] as const) : (UNITS[first] ?? ["s", 1]);
  const [smaller, smallSize] = UNITS[first + 1] ?? ["", 0];
  const rest = smallSize === 0 || whole === 0 ? 0 : Math.floor((whole % size) / smallSize);
  return `${sign}${Math.floor(whole / size)} ${unit}${rest > 0 ? ` ${rest} ${smaller}` : ""}`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];
const WHITE_SPACE = /\s+/g;
const INVISIBLE = /\p{C}/gu;
