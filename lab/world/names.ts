import { createHash } from "node:crypto";
import type { PolicyId } from "../types.ts";
import { TOP } from "./dns_tree.ts";

/** One variant of a row in one column, before anything of it stands. */
export interface CellId {
  readonly row: string;
  readonly variant: string;
  readonly policy: PolicyId;
}

/** The domains of a cell, and how its scenario's names are spelt out. */
export interface CellNames {
  /** e.g. "a06-454-p5c". */
  readonly slug: string;
  /** The victim's, the attacker's and the provider's. */
  readonly domains: { readonly T: string; readonly E: string; readonly P: string };
  /** "mx.T" → "mx.a06-454-p5c.test", "@mx.T" → the address of that host. */
  readonly spell: (text: string) => string;
}

export function cellNames({ row, variant, policy }: CellId): CellNames {
  const slug = [row, variant, policy]
    .filter((part) => part !== "")
    .join("-")
    .toLowerCase()
    .replace(NOT_IN_A_LABEL, "-");
  const domains = { T: `${slug}.${TOP}`, E: `e-${slug}.${TOP}`, P: `p-${slug}.${TOP}` };
  return {
    slug,
    domains,
    spell: (text) =>
      text
        .replace(MARK, (mark) => domains[mark as "T" | "E" | "P"])
        .replace(ADDRESS_OF, (_whole, host: string) => addressOf(host)),
  };
}

/** The address that a host of the lab has in DNS, the same in every run. */
export function addressOf(host: string): string {
  const [a = 0, b = 0, c = 0] = createHash("sha256").update(host).digest();
  return `10.${64 + (a % 64)}.${b}.${c}`;
}

/** Where every host of the lab has its address. */
export const LAB_NETWORK = "10.64.0.0/10";

/** A letter that stands for a domain: a whole word, or the last label of one. */
const MARK = /(?<=^|[\s".@:*/,])[TEP](?=$|[\s";,:/\0]|\.(?:$|[\s"]))/gm;
const ADDRESS_OF = /(?<=^|\s)@([a-z0-9.-]+)(?=$|\s)/g;
const NOT_IN_A_LABEL = /[^a-z0-9]+/g;
