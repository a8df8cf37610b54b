import type { Hears } from "./types.ts";

/** What a client listens to: codes in order, and "end". */
export interface Ear {
  /** The next code or the end; undefined when nothing comes. */
  next(): Promise<string | undefined>;
}

/** What was heard instead of what must be; undefined when it is one of the alternatives. */
export async function mishears(ear: Ear, hears: Hears): Promise<string | undefined> {
  // Of two alternatives that begin alike only a wait could tell which it is, so that no row has such.
  const wanted = (typeof hears === "string" ? [hears] : hears).map(codesOf);
  const heard: string[] = [];
  for (;;) {
    const fits = wanted.filter((one) => heard.every((code, at) => one[at] === code));
    if (fits.length === 0) return `heard ${written(heard)}, not ${said(hears)}`;
    if (fits.some(({ length }) => length === heard.length) && fits.every(({ length }) => length <= heard.length))
      return undefined;
    const next = await ear.next();
    if (next === undefined) return `heard ${written(heard)} and nothing more, not ${said(hears)}`;
    heard.push(next);
  }
}

/** "250*2 354" → 250 250 354; "none" → nothing. */
export function codesOf(text: string): readonly string[] {
  if (text === "none") return [];
  return text.split(" ").flatMap((word) => {
    const [code = "", times = "1"] = word.split("*");
    return Array.from({ length: Number(times) }, () => code);
  });
}

/** The other way round. */
export function written(codes: readonly string[]): string {
  const words: { code: string; times: number }[] = [];
  for (const code of codes) {
    const last = words.at(-1);
    if (last?.code === code) last.times++;
    else words.push({ code, times: 1 });
  }
  if (words.length === 0) return "none";
  return words.map(({ code, times }) => (times === 1 ? code : `${code}*${times}`)).join(" ");
}

function said(hears: Hears): string {
  return typeof hears === "string" ? hears : hears.join(" or ");
}
