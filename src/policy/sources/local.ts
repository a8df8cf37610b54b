import { type Because, parseDomain } from "../../mail/mod.ts";
import { PLAIN } from "../level.ts";
import { securePeer } from "../secure.ts";
import type { LocalPolicy, TlsFacts } from "../types.ts";
import type { Wish } from "../wish.ts";

/** Finds the entry for a destination: the exact name first, then the longest `.suffix`, then "*". */
export type LocalPolicies = (destination: string) => LocalPolicy | undefined;

/**
 * Indexes `[[tls_policy]]`; of two entries for one destination the first counts. Names are compared as A-labels, without
 * regard to case and to a trailing dot, so that no way to write a name passes an entry by.
 */
export function localPolicies(entries: readonly LocalPolicy[]): LocalPolicies {
  const index = new Map<string, LocalPolicy>();
  for (const entry of entries) {
    const key = keyOf(entry.destination);
    if (!index.has(key)) index.set(key, entry);
  }
  return (destination) => {
    const name = keyOf(destination);
    const exact = index.get(name);
    // "*" stands for hosts and domains; of a host with its port only an entry of its own speaks.
    if (exact !== undefined || WITH_PORT.test(name)) return exact;
    if (name.startsWith("[")) return index.get("*");
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      const found = index.get(name.slice(dot));
      if (found !== undefined) return found;
    }
    return index.get("*");
  };
}

function keyOf(text: string): string {
  const suffix = text.startsWith(".");
  const name = parseDomain(suffix ? text.slice(1) : text, { utf8: true, trailingDot: true });
  return name.ok ? `${suffix ? "." : ""}${name.value}` : text.toLowerCase();
}

/** What the local entries ask for; an override that has ended leaves an ordinary floor, which can only be stronger. */
export function localWishes(facts: TlsFacts): readonly Wish[] {
  const entries = facts.local === undefined ? (facts.also ?? []) : [facts.local, ...(facts.also ?? [])];
  return entries.map((entry) => ({
    policy: { source: "local", domain: entry.destination },
    level: entry.level,
    expectation: expectationOf(entry, facts),
    because: [because(entry, facts)],
  }));
}

function expectationOf({ level, by, pins }: LocalPolicy, facts: TlsFacts): Wish["expectation"] {
  if (level !== "secure") return PLAIN[level];
  return securePeer(facts, {
    source: "local",
    ...(by === undefined ? {} : { by }),
    ...(pins === undefined ? {} : { pins }),
  });
}

function because(entry: LocalPolicy, facts: TlsFacts): Because {
  const means = entry.pins !== undefined && entry.pins.length > 0 ? ["a pin"] : entry.by;
  const how = entry.level === "secure" && means !== undefined ? ` by ${means.join(" or ")}` : "";
  const says = `the local entry for ${entry.destination} says ${JSON.stringify(entry.level)}${how}`;
  const until = entry.override?.until;
  if (until === undefined) return { source: "local", says };
  const when = new Date(until).toISOString();
  const note = facts.now < until ? `, overriding what is published until ${when}` : `; its override ended at ${when}`;
  return { source: "local", says: says + note };
}

/** A colon alone; an IPv6 address has more. */
const WITH_PORT = /^[^:]*:\d+$/;
