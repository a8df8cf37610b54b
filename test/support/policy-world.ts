import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Millis, systemClock, systemRandom } from "../../src/base/mod.ts";
import { openDns } from "../../src/dns/io/mod.ts";
import type { Resolver } from "../../src/dns/mod.ts";
import { absoluteText } from "../../src/dns/wire/name.ts";
import { TYPE } from "../../src/dns/wire/types.ts";
import { domain } from "../../src/mail/mod.ts";
import { fetchStsPolicy, openStsStore, type StsStore } from "../../src/policy/io/mod.ts";
import { restorePolicy } from "../../src/policy/mod.ts";
import { openTrust, type TrustStore } from "../../src/tls/io/mod.ts";
import { askedOf, type Tamper, tapBefore } from "./dns-tap.ts";
import { buildWorld } from "./dns-world.ts";
import { mint, toPem } from "./mint.ts";
import { type MailHost, type MailHostSpec, startMailHost } from "./policy-mail-host.ts";
import { type PolicyHost, policyHost } from "./policy-host.ts";
import { type DnsFault, kitFor, type Published, type Row, type StsPlan } from "./policy-row.ts";
import { announce, serveSts, stsText } from "./policy-sts.ts";

/** A row with its domains and what stands in the world for it. */
export interface Placed {
  readonly row: Row;
  readonly published: Published;
  /** Spells "mx.S" out, and back. */
  name(text: string): string;
  short(text: string): string;
  /** The host at an address. */
  at(address: string): MailHostSpec | "down" | undefined;
  /** What each host saw, by its name. */
  saw(): readonly (readonly [string, readonly string[]])[];
}

/** All rows of a table in one private Internet: signed zones behind a real resolver, hosts with TLS, policy hosts. */
export interface PolicyWorld extends AsyncDisposable {
  readonly rows: readonly Placed[];
  readonly trust: TrustStore;
  readonly resolver: Resolver;
  /** The port on loopback that stands for an address; 1, where nobody listens, for others. */
  portOf(address: string): number;
  /** Names for which TLSA records were asked, in order, each once. */
  tlsaAsked(): readonly string[];
  readonly store: StsStore;
  fetch(name: Parameters<typeof fetchStsPolicy>[0], signal?: AbortSignal): ReturnType<typeof fetchStsPolicy>;
}

export async function policyWorld(rows: readonly Row[]): Promise<PolicyWorld> {
  await using undo = new AsyncDisposableStack();
  const roots = { root: mint({ subject: "The root", ca: true }), stranger: mint({ subject: "A stranger", ca: true }) };
  const trust = await openTrust({ kind: "pem", certificates: [toPem(roots.root.der)] });
  if (!trust.ok) throw new Error(trust.error);
  const web = undo.use(await policyHost());
  const places = new Map<string, MailHost | undefined>();
  const placed: Placed[] = [];
  const zones: Zones = { signed: [], plain: [] };
  const faults = new Map<string, DnsFault>();
  const folder = await mkdtemp(join(tmpdir(), "hopseal-world-"));
  undo.defer(async () => await rm(folder, { recursive: true, force: true }));
  const store = await openStsStore({ directory: folder, clock: systemClock, onFault: (text) => failTest(text) });
  for (const [at, row] of rows.entries()) {
    const one = await place(row, at, { roots, zones, places, undo });
    placed.push(one);
    for (const [question, fault] of Object.entries(one.published.faults ?? {})) {
      const [owner = "", type = ""] = question.split(" ");
      faults.set(`${one.name(owner)}. ${type}`, fault);
    }
    for (const [own, plan] of Object.entries(one.published.sts ?? {}))
      await publishSts(one, [own, plan], { web, store, roots });
  }
  const dns = undo.use(await privateDns(zones, faults));
  const kept = undo.move();
  return {
    rows: placed,
    trust: trust.value,
    resolver: dns.resolver,
    portOf: (address) => places.get(address)?.port ?? 1,
    tlsaAsked: dns.tlsaAsked,
    store,
    fetch: async (name, signal) =>
      await fetchStsPolicy(
        name,
        { resolver: dns.resolver, clock: systemClock, trust: trust.value, permitted: () => true, port: web.port },
        signal,
      ),
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

interface Zones {
  readonly signed: string[];
  readonly plain: string[];
}

interface Ground {
  readonly roots: { readonly root: ReturnType<typeof mint>; readonly stranger: ReturnType<typeof mint> };
  readonly zones: Zones;
  readonly places: Map<string, MailHost | undefined>;
  readonly undo: AsyncDisposableStack;
}

async function place(row: Row, at: number, { roots, zones, places, undo }: Ground): Promise<Placed> {
  const ends = { S: `r${at}.${SIGNED}`, P: `r${at}.${PLAIN}` };
  const name = (text: string): string => text.replace(MARK, (mark) => ends[mark as "S" | "P"]);
  const short = (text: string): string => text.replaceAll(ends.S, "S").replaceAll(ends.P, "P");
  const published = row.world(kitFor(roots, name));
  const add = (line: string): void => {
    const [owner = "", ...rest] = line.split(" ");
    const target = rest.map((word, index) => (index > 0 && MARK.test(word) ? `${name(word)}.` : word));
    (MARK.exec(owner)?.[0] === "P" ? zones.plain : zones.signed).push(`${name(owner)}. ${target.join(" ")}`);
  };
  for (const line of published.dns ?? []) add(line);
  const hosts = new Map<string, MailHost | undefined>();
  const specs = new Map<string, MailHostSpec | "down">();
  for (const [host, spec] of Object.entries(published.hosts ?? {})) {
    const address = `127.77.${places.size >> 8}.${(places.size & 0xff) + 1}`;
    const started = spec === "down" ? undefined : undo.use(await startMailHost(spec));
    places.set(address, started);
    hosts.set(host, started);
    specs.set(address, spec);
    add(`${host} A ${address}`);
  }
  for (const [policyDomain, plan] of Object.entries(published.sts ?? {})) announce(policyDomain, plan).forEach(add);
  return {
    row,
    published,
    name,
    short,
    at: (address) => specs.get(address),
    saw: () => [...hosts].map(([host, started]) => [host, started?.saw ?? []]),
  };
}

async function publishSts(
  { name }: Placed,
  [policyDomain, plan]: readonly [string, StsPlan],
  { web, store, roots }: Pick<Ground, "roots"> & { readonly web: PolicyHost; readonly store: StsStore },
): Promise<void> {
  const own = domain(name(policyDomain));
  serveSts(web, own, plan, { roots, name });
  if (plan.stored === undefined) return;
  const fetchedAt = systemClock.now() - (plan.storedAge ?? HOUR);
  const kept = { id: plan.storedId ?? "1", text: stsText(plan.stored, name), fetchedAt };
  const policy = restorePolicy(kept);
  if (policy === undefined) throw new Error(`No policy: ${kept.text}`);
  await store.save({ domain: own, policy });
}

interface PrivateDns extends AsyncDisposable {
  readonly resolver: Resolver;
  tlsaAsked(): readonly string[];
}

/** Our resolver, behind it somebody on the path, behind him unbound, behind it the zones. */
async function privateDns(zones: Zones, faults: ReadonlyMap<string, DnsFault>): Promise<PrivateDns> {
  await using undo = new AsyncDisposableStack();
  const world = undo.use(
    await buildWorld([
      { name: "", server: "nsd", records: "", algorithms: [13] },
      { name: "example", server: "nsd", records: "", algorithms: [13] },
      { name: SIGNED, server: "nsd", records: zones.signed.join("\n"), algorithms: [13] },
      { name: PLAIN, server: "nsd", records: zones.plain.join("\n"), algorithms: [] },
    ]),
  );
  const recursor = undo.use(await world.recursor());
  const tap = undo.use(await tapBefore(recursor.port, () => tamperBy(faults)));
  const dns = await openDns({
    servers: [tap.server],
    mode: "validate",
    anchors: { text: world.anchors },
    clock: systemClock,
    random: systemRandom,
    deadline: DEADLINE,
  });
  undo.defer(() => dns.close());
  const kept = undo.move();
  return {
    resolver: dns.resolver,
    tlsaAsked() {
      const questions = tap.heard.flatMap(({ query }) => query.question.filter(({ type }) => type === TYPE.TLSA));
      return [...new Set(questions.map(({ name }) => absoluteText(name).toLowerCase().replace(/\.$/, "")))];
    },
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

function tamperBy(faults: ReadonlyMap<string, DnsFault>): Tamper {
  return (reply, { octets }) => {
    const fault = faults.get(askedOf(reply));
    switch (fault) {
      case undefined:
        return [octets];
      case "silence":
        return [];
      case "servfail":
      case "refused":
        return [{ ...reply, rcode: fault === "servfail" ? 2 : 5, answer: [], authority: [] }];
      case "bogus":
        return [{ ...reply, answer: reply.answer.map(spoilt), authority: reply.authority.map(spoilt) }];
      default:
        throw new Error(`An unknown fault: ${String(fault)}`);
    }
  };
}

/** With one bit of each signature turned over. */
function spoilt<T extends { readonly type: number; readonly rdata: Uint8Array }>(record: T): T {
  if (record.type !== TYPE.RRSIG) return record;
  const rdata = Uint8Array.from(record.rdata);
  rdata[rdata.length - 1] = (rdata.at(-1) ?? 0) ^ 1;
  return { ...record, rdata };
}

function failTest(text: string): never {
  throw new Error(text);
}

const SIGNED = "signed.example";
const PLAIN = "plain.example";
/** The end of a name that stands for the row's own domain. */
const MARK = /(?<=^|\.)[SP](?=$)/;
const HOUR: Millis = 3_600_000;
/** Enough for what is answered, and short for what is not. */
const DEADLINE: Millis = 6000;
