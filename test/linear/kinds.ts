/**
 * Worst inputs by kind, as large as asked for: one piece said again and again, alone, behind a good beginning, or before a
 * good end that never comes; brackets that open and never close; and two pieces in turn, which is what makes searches
 * begin anew.
 */
export interface Kind {
  readonly name: string;
  make(size: number): Buffer;
}

export interface Grammar {
  /** Whole inputs; the worst ones begin and end like them. */
  readonly seeds: readonly Buffer[];
  /** What the grammar knows, besides the pieces that all share. */
  readonly words: readonly Buffer[];
}

export function kindsOf({ seeds, words }: Grammar): readonly Kind[] {
  const pieces = [...SHARED.map((text) => Buffer.from(text, "latin1")), ...words].filter(({ length }) => length > 0);
  return [...repeated(pieces), ...nested(), ...turns(pieces), ...seeds.flatMap((seed, at) => around(seed, at, pieces))];
}

function repeated(pieces: readonly Buffer[]): readonly Kind[] {
  return pieces.map((piece) => ({
    name: `${shown(piece)} again and again`,
    make: (size) => Buffer.alloc(size, piece),
  }));
}

/** Open ones alone, and as many closed as are open. */
function nested(): readonly Kind[] {
  return PAIRS.flatMap(([open, close]) => [
    {
      name: `${open} ${close}, one in the other`,
      make: (size) => {
        const deep = Math.floor(size / (open.length + close.length));
        return Buffer.from(`${open.repeat(deep)}${close.repeat(deep)}`, "latin1");
      },
    },
    {
      name: `x ${open} ${close} closed too often`,
      make: (size) => Buffer.from(`x${open}${close.repeat(Math.floor(size / close.length))}`, "latin1"),
    },
  ]);
}

/** Each piece between others of its kind: an end that almost comes, again and again. */
function turns(pieces: readonly Buffer[]): readonly Kind[] {
  return pieces.slice(1).map((piece, at) => {
    const before = pieces[at] ?? piece;
    return {
      name: `${shown(before)} and ${shown(piece)} in turn`,
      make: (size) => Buffer.alloc(size, Buffer.concat([before, Buffer.from("a"), piece])),
    };
  });
}

/** A seed with something endless in its midst: at a third, in the middle, at its end. */
function around(seed: Buffer, at: number, pieces: readonly Buffer[]): readonly Kind[] {
  const cuts = [...new Set([seed.length, seed.length >> 1, Math.floor(seed.length / 3)])];
  return cuts.flatMap((cut) => [
    ...pieces.map((piece) => ({
      name: `seed ${at} with ${shown(piece)} at ${cut}`,
      make: (size: number) => filled(seed, { cut, piece, size }),
    })),
    {
      name: `seed ${at} up to ${cut} again and again`,
      make: (size: number) => Buffer.alloc(size, cut === 0 ? "x" : seed.subarray(0, cut)),
    },
  ]);
}

function filled(
  seed: Buffer,
  { cut, piece, size }: { readonly cut: number; readonly piece: Buffer; readonly size: number },
): Buffer {
  return Buffer.concat([
    seed.subarray(0, cut),
    Buffer.alloc(Math.max(0, size - seed.length), piece),
    seed.subarray(cut),
  ]);
}

function shown(piece: Buffer): string {
  return JSON.stringify(piece.toString("latin1").slice(0, 20));
}

const SHARED = [
  "\0",
  " ",
  "\t",
  "\r\n",
  "\r\n ",
  "\n",
  "\r",
  "a",
  "a ",
  "0",
  ".",
  ",",
  ";",
  ":",
  "=",
  "@",
  "-",
  "+",
  "%",
  "/",
  '"',
  '\\"',
  "\\",
  "(",
  "()",
  "<",
  "<>",
  "[",
  "{",
  "a=b;",
  "a: b\r\n",
  "\xff",
  "\xc3\xbc",
  "=?utf-8?q?=C3=BC?=",
  "__proto__",
];

const PAIRS: readonly (readonly [string, string])[] = [
  ["(", ")"],
  ["<", ">"],
  ["[", "]"],
  ["{", "}"],
  ['{"a":', "}"],
  ['"', '"'],
  ["\\(", "\\)"],
  ["a:", ";"],
  ["a(", ")"],
];
