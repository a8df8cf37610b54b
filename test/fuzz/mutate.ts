import type { Random } from "../../src/base/mod.ts";

/** A near relation of `input`: up to four small changes; `other` lends parts, `words` are what the grammar knows. */
export function mutate(input: Uint8Array, random: Random, { other, words }: Lenders): Buffer {
  let octets: Buffer = Buffer.from(input);
  for (let left = 1 + random.below(4); left > 0; left--) {
    const change = CHANGES[random.below(CHANGES.length)];
    if (change !== undefined) octets = change(octets, random, { other, words });
  }
  return octets.length > LONGEST ? octets.subarray(0, LONGEST) : octets;
}

export interface Lenders {
  readonly other: Uint8Array;
  readonly words: readonly Uint8Array[];
}

type Change = (octets: Buffer, random: Random, lenders: Lenders) => Buffer;

const CHANGES: readonly Change[] = [
  // One bit.
  (octets, random) => {
    if (octets.length === 0) return octets;
    const at = random.below(octets.length);
    octets[at] = (octets[at] ?? 0) ^ (1 << random.below(8));
    return octets;
  },
  // One octet, often one that parsers treat apart.
  (octets, random) => {
    if (octets.length === 0) return octets;
    octets[random.below(octets.length)] = SPECIAL[random.below(SPECIAL.length * 2)] ?? random.below(256);
    return octets;
  },
  // A number that is a length or a count.
  (octets, random) => {
    if (octets.length < 2) return octets;
    octets.writeUInt16BE(
      random.below(2) === 0 ? random.below(65_536) : random.below(8),
      random.below(octets.length - 1),
    );
    return octets;
  },
  // Something put in.
  (octets, random, { words }) => splice(octets, random.below(octets.length + 1), 0, words[random.below(words.length)]),
  (octets, random) => splice(octets, random.below(octets.length + 1), 0, [SPECIAL[random.below(SPECIAL.length)] ?? 0]),
  // Something taken out.
  (octets, random) => splice(octets, random.below(octets.length + 1), 1 + random.below(16)),
  (octets, random) => octets.subarray(0, random.below(octets.length + 1)),
  // A part said again, once or many times.
  (octets, random) => {
    const part = partOf(octets, random);
    const times = random.below(8) === 0 ? 1 + random.below(64) : 1;
    return splice(octets, random.below(octets.length + 1), 0, Buffer.concat(Array.from({ length: times }, () => part)));
  },
  // A part of another input, put in or in place of the rest.
  (octets, random, { other }) => splice(octets, random.below(octets.length + 1), 0, partOf(Buffer.from(other), random)),
  (octets, random, { other }) =>
    Buffer.concat([
      octets.subarray(0, random.below(octets.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ]),
];

function partOf(octets: Buffer, random: Random): Buffer {
  const from = random.below(octets.length + 1);
  return octets.subarray(from, from + 1 + random.below(64));
}

function splice(octets: Buffer, at: number, gone: number, put: Iterable<number> = []): Buffer {
  return Buffer.concat([octets.subarray(0, at), Uint8Array.from(put), octets.subarray(at + gone)]);
}

const SPECIAL = [...Buffer.from("\0\t\n\r !\"#%&'()*+,-./:;<=>?@[\\]^_`{|}~\x7f0az\x80\xc3\xe2\xff", "latin1")];
const LONGEST = 4096;
