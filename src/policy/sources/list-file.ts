import { type Bytes, err, type Instant, ok, type Result } from "../../base/mod.ts";
import { type Domain, parseDomain } from "../../mail/mod.ts";
import { parseSuffixPattern } from "../pattern.ts";
import type { NamePattern } from "../types.ts";
import { type ListJson, type ListJsonObject, parseListJson } from "./list-json.ts";
import { listTime } from "./list-time.ts";

/** What a list says of one domain. */
export interface ListEntry {
  readonly mode: "enforce" | "testing";
  /** `.example.net` of the file is `*.example.net` here: one label more, and no deeper (STARTTLS Everywhere, RULES). */
  readonly mx: readonly NamePattern[];
  /** The alias that it was written as. */
  readonly alias?: string;
}

/** A STARTTLS-Everywhere list, version 0.1. */
export interface ListFile {
  readonly timestamp: Instant;
  readonly expires: Instant;
  readonly author?: string;
  readonly aliases: ReadonlyMap<string, ListEntry>;
  /** Domains match exactly; none inherits. */
  readonly policies: ReadonlyMap<Domain, ListEntry>;
}

/**
 * Parses a policy list by schema 0.1: members that it does not name are refused, so are aliases of aliases and domains or
 * aliases that stand twice. Unlike the schema it takes top-level domains in A-label form. The error says what is wrong.
 */
export function parseListFile(octets: Bytes): Result<ListFile, string> {
  if (octets.length > LARGEST_LIST) return err(`it has more than ${LARGEST_LIST} octets`);
  const text = decoded(octets);
  if (text === undefined) return err("it is no UTF-8 text");
  const json = parseListJson(text);
  if (!json.ok) return json;
  const members = objectWith(json.value, "it", TOP);
  if (!members.ok) return members;
  return listOf(members.value);
}

function listOf(members: ListJsonObject): Result<ListFile, string> {
  if (members.get("version") !== VERSION) return err(`its version is not "${VERSION}"`);
  const timestamp = listTime(members.get("timestamp"));
  if (timestamp === undefined) return err("its timestamp is no time");
  const expires = listTime(members.get("expires"));
  if (expires === undefined) return err('its "expires" is no time');
  const author = members.get("author");
  if (author !== undefined && typeof author !== "string") return err("its author is no string");
  const aliases = aliasesOf(members.get("policy-aliases"));
  if (!aliases.ok) return aliases;
  const policies = policiesOf(members.get("policies"), aliases.value);
  if (!policies.ok) return policies;
  return ok({
    timestamp,
    expires,
    ...(author === undefined ? {} : { author }),
    aliases: aliases.value,
    policies: policies.value,
  });
}

function aliasesOf(json: ListJson | undefined): Result<ReadonlyMap<string, ListEntry>, string> {
  if (!isObject(json)) return err('it has no object "policy-aliases"');
  const aliases = new Map<string, ListEntry>();
  for (const [name, value] of json) {
    if (name === "") return err("an alias has no name");
    const entry = entryOf(value, `the alias ${quote(name)}`);
    if (!entry.ok) return entry;
    aliases.set(name, entry.value);
  }
  return ok(aliases);
}

function policiesOf(
  json: ListJson | undefined,
  aliases: ReadonlyMap<string, ListEntry>,
): Result<ReadonlyMap<Domain, ListEntry>, string> {
  if (!isObject(json)) return err('it has no object "policies"');
  const policies = new Map<Domain, ListEntry>();
  for (const [name, value] of json) {
    const domain = parseDomain(name);
    if (!domain.ok || !DOMAIN.test(name)) return err(`${quote(name)} is no mail domain`);
    if (policies.has(domain.value)) return err(`${quote(name)} stands twice`);
    const entry =
      isObject(value) && value.has("policy-alias")
        ? aliasedEntry(value, name, aliases)
        : entryOf(value, `the policy of ${quote(name)}`);
    if (!entry.ok) return entry;
    policies.set(domain.value, entry.value);
  }
  return ok(policies);
}

function aliasedEntry(
  value: ListJsonObject,
  name: string,
  aliases: ReadonlyMap<string, ListEntry>,
): Result<ListEntry, string> {
  const members = objectWith(value, `the policy of ${quote(name)}`, REFERENCE);
  if (!members.ok) return members;
  const alias = value.get("policy-alias");
  const entry = typeof alias === "string" ? aliases.get(alias) : undefined;
  if (typeof alias !== "string" || entry === undefined) return err(`${quote(name)} names an alias that is not there`);
  return ok({ ...entry, alias });
}

function entryOf(json: ListJson, what: string): Result<ListEntry, string> {
  const members = objectWith(json, what, ENTRY);
  if (!members.ok) return members;
  const mode = members.value.get("mode");
  if (mode !== "enforce" && mode !== "testing") return err(`${what} has no mode: enforce or testing`);
  const mx = new Set<NamePattern>();
  for (const item of itemsOf(members.value.get("mxs"))) {
    const text = typeof item === "string" ? item : JSON.stringify(item);
    const pattern = patternOf(item);
    if (pattern === undefined) return err(`${what} has an entry in mxs that is no MX name: ${quote(text)}`);
    if (mx.has(pattern)) return err(`${what} names ${quote(text)} twice`);
    mx.add(pattern);
  }
  return mx.size === 0 ? err(`${what} names no mxs`) : ok({ mode, mx: [...mx] });
}

function itemsOf(json: ListJson | undefined): readonly ListJson[] {
  return Array.isArray(json) ? (json as readonly ListJson[]) : [];
}

function patternOf(item: ListJson): NamePattern | undefined {
  if (typeof item !== "string" || !MX.test(item)) return undefined;
  const pattern = parseSuffixPattern(item);
  return pattern.ok ? pattern.value : undefined;
}

/** An object that has all of the members that it must have, and no others than it may. */
function objectWith(
  json: ListJson,
  what: string,
  { must, may = [] }: { readonly must: readonly string[]; readonly may?: readonly string[] },
): Result<ListJsonObject, string> {
  if (!isObject(json)) return err(`${what} is no object`);
  const missing = must.find((name) => !json.has(name));
  if (missing !== undefined) return err(`${what} has no ${quote(missing)}`);
  const unknown = [...json.keys()].find((name) => !must.includes(name) && !may.includes(name));
  return unknown === undefined ? ok(json) : err(`${what} has ${quote(unknown)}, which is not known`);
}

function isObject(json: ListJson | undefined): json is ListJsonObject {
  return json instanceof Map;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, QUOTED));
}

function decoded(octets: Bytes): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return undefined;
  }
}

/** The longest list that is read, in octets; the last one of EFF has 121 029. */
export const LARGEST_LIST = 10_000_000;
const VERSION = "0.1";
const TOP = { must: ["timestamp", "expires", "version", "policies", "policy-aliases"], may: ["author"] } as const;
const REFERENCE = { must: ["policy-alias"] } as const;
const ENTRY = { must: ["mode", "mxs"] } as const;
/** Two labels at least; `parseDomain` judges the rest. */
const DOMAIN = /^[A-Za-z0-9-]{1,63}\.[A-Za-z0-9.-]*[A-Za-z0-9]{2}$/;
const MX = /^\.?[A-Za-z0-9-]{1,63}\.[A-Za-z0-9.-]*[A-Za-z0-9]{2}$/;
const QUOTED = 60;
