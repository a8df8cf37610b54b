import { createHash, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { type Config, parseConfig } from "../../../src/config/mod.ts";
import { openStsHost } from "../../../src/daemon/sts_host.ts";
import { stsHostingOf } from "../../../src/daemon/sts_host_policies.ts";
import { stsPolicyId, stsPolicyText } from "../../../src/publish/mod.ts";
import { loadCertificates } from "../../../src/tls/io/mod.ts";
import { type TestCa, testCa } from "../../support/certificates.ts";
import { change, flipLast } from "../../support/dns-faults.ts";
import { buildWorld } from "../../support/dns-world.ts";
import type { SignedZone } from "../../support/dns-zone.ts";
import { ecKeys, mint, toPem } from "../../support/mint.ts";

/**
 * A domain, `%`, that is published with one mistake. Of what a good one publishes (`GOOD`) `dns` replaces lines by name;
 * null takes one away.
 */
export interface Mistake {
  readonly name: string;
  readonly dns?: Readonly<Record<string, string | readonly string[] | null>>;
  /** In an unsigned zone. */
  readonly plain?: true;
  /** "owner TYPE" of which the signatures are broken. */
  readonly bogus?: string;
  /** DNS servers refuse every question. */
  readonly silent?: true;
  readonly hostname?: string;
  /** Replaces `[domain.mta_sts]` and `tls_rpt`. */
  readonly domain?: string;
  /** What certificates there are; default: one for mx1.% and mta-sts.%. The first is the key `KEY`. */
  readonly certificates?: readonly CertificatePlan[];
  readonly nextKey?: "same" | "none";
  /** What the policy host says instead of the policy; null: nothing is there. */
  readonly served?: string | null;
}

export interface CertificatePlan {
  readonly names: readonly string[];
  readonly kind?: "self-issued" | "expired" | "expiring";
  /** The policy host has no use for it. */
  readonly unserved?: boolean;
}

/** One domain of the world with its configuration, its names and digests spelled out and back. */
export interface PlacedMistake {
  readonly mistake: Mistake;
  readonly domain: string;
  readonly config: Config;
  readonly configFile: string;
  short(text: string): string;
}

export interface PublishedWorld extends AsyncDisposable {
  readonly folder: string;
  readonly places: readonly PlacedMistake[];
}

export const HOSTED = 'tls_rpt = "mailto:tls@%"\n[domain.mta_sts]\nmode = "enforce"\n';

export const GOOD: Readonly<Record<string, string>> = {
  mx: "%. MX 10 mx1.%.",
  host: "mx1.%. A 192.0.2.1",
  tlsa: "_25._tcp.mx1.%. TLSA 3 1 1 KEY",
  next: "_25._tcp.mx1.%. TLSA 3 1 1 NEXT",
  sts: '_mta-sts.%. TXT "v=STSv1; id=ID;"',
  policyHost: "mta-sts.%. A 127.0.0.1",
  rpt: '_smtp._tls.%. TXT "v=TLSRPTv1; rua=mailto:tls@%"',
};

/** Puts all mistakes into one private Internet: signed zones of real servers, a resolver, and one policy host for all. */
export async function publishedWorld(mistakes: readonly Mistake[]): Promise<PublishedWorld> {
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "hopseal-publish-"));
  undo.defer(async () => await rm(folder, { recursive: true, force: true }));
  const ca = await testCa();
  await writeFile(join(folder, "ca.pem"), ca.pem);
  const grown = await Promise.all(mistakes.map(async (mistake, at) => await grow(mistake, at, { folder, ca })));
  const port = await servePolicies(grown, undo);
  const lines = (plain: boolean): string =>
    grown.flatMap((one) => ((one.mistake.plain === true) === plain ? one.lines : [])).join("\n");
  const broken = [
    "broken.example A",
    ...grown.flatMap(({ mistake: { bogus }, long }) => (bogus === undefined ? [] : [long(bogus)])),
  ];
  const world = undo.use(
    await buildWorld([
      { name: "", server: "nsd", records: "", algorithms: [13] },
      {
        name: "example",
        server: "nsd",
        records: `broken.example. A 192.0.2.66\nmx.example. A 192.0.2.8\n${lines(false)}`,
        algorithms: [13],
        spoil: (zone) => broken.reduce(spoilt, zone),
      },
      { name: "plain", server: "nsd", records: `mx.plain. A 192.0.2.7\n${lines(true)}`, algorithms: [] },
    ]),
  );
  const silent = grown.flatMap(({ mistake, domain }) => (mistake.silent === true ? [domain] : []));
  const extra = silent.map((name) => `local-zone: "${name}." always_refuse`).join("\n  ");
  const recursor = undo.use(await world.recursor({ validates: false, extra }));
  await writeFile(join(folder, "anchors"), world.anchors);
  const places = await Promise.all(
    grown.map(async ({ mistake, domain, write, short }): Promise<PlacedMistake> => {
      const configFile = join(folder, `${domain}.toml`);
      const text = write({ dns: recursor.port, https: port });
      await writeFile(configFile, text);
      return { mistake, domain, config: parsedConfig(text, configFile), configFile, short };
    }),
  );
  const kept = undo.move();
  return { folder, places, [Symbol.asyncDispose]: async () => await kept.disposeAsync() };
}

interface Grown {
  readonly mistake: Mistake;
  readonly domain: string;
  readonly lines: readonly string[];
  readonly pairs: readonly { readonly chain: string; readonly key: string; readonly unserved: boolean }[];
  readonly policy: string | undefined;
  write(ports: { readonly dns: number; readonly https: number }): string;
  long(text: string): string;
  short(text: string): string;
}

async function grow(
  mistake: Mistake,
  at: number,
  { folder, ca }: { readonly folder: string; readonly ca: TestCa },
): Promise<Grown> {
  const domain = `r${at}.${mistake.plain === true ? "plain" : "example"}`;
  const plans = mistake.certificates ?? [{ names: ["mx1.%", "mta-sts.%"] }];
  const made = await Promise.all(plans.map(async (plan) => await issue(plan, domain, ca)));
  const pairs = await Promise.all(
    made.map(async ({ chain, key, unserved }, number) => {
      const files = { chain: join(folder, `${domain}-${number}.pem`), key: join(folder, `${domain}-${number}.key`) };
      await writeFile(files.chain, chain);
      await writeFile(files.key, key, { mode: 0o600 });
      return { ...files, unserved };
    }),
  );
  const next = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const nextFile = join(folder, `${domain}-next.pub`);
  await writeFile(nextFile, next.publicKey.export({ type: "spki", format: "pem" }));
  const write = (ports: { readonly dns: number; readonly https: number }): string =>
    configText(mistake, { domain, folder, pairs, nextFile }, ports);
  const config = parsedConfig(write({ dns: 53, https: 443 }), "x.toml");
  const hosting = stsHostingOf(config.domain[0] ?? failed(), config.hostname);
  const ours = hosting === undefined ? undefined : stsPolicyText(hosting);
  const words = new Map<string, string>([
    ["KEY512", digest("sha512", spkiOf(made[0]?.der))],
    ["KEY", digest("sha256", spkiOf(made[0]?.der))],
    ["CERT", digest("sha256", made[0]?.der ?? failed())],
    ["SECOND", made[1] === undefined ? "-" : digest("sha256", spkiOf(made[1].der))],
    ["ANCHOR", digest("sha256", spkiOf(ca.der))],
    ["NEXT", digest("sha256", next.publicKey.export({ type: "spki", format: "der" }))],
    ["OLDID", stsPolicyId(OLD_POLICY)],
    ["ID", ours === undefined ? "0none0" : stsPolicyId(ours)],
    ["%", domain],
  ]);
  const long = (text: string): string => [...words].reduce((so, [word, value]) => so.replaceAll(word, value), text);
  const short = (text: string): string =>
    [...words, ["", `${folder}/`] as const].reduce(
      (so, [word, value]) => (value === "-" ? so : so.replaceAll(value, word)),
      text,
    );
  const policy = mistake.served === undefined ? ours : (mistake.served ?? undefined)?.replaceAll("%", domain);
  const dns = { ...GOOD, ...mistake.dns };
  const lines = Object.values(dns).flatMap((line) => (line === null ? [] : [line].flat().map(long)));
  return { mistake, domain, lines, pairs, policy, write, long, short };
}

/** An older policy of any domain. */
export const OLD_POLICY = "version: STSv1\r\nmode: testing\r\nmx: old.example\r\nmax_age: 86400\r\n";

async function issue(
  { names, kind, unserved = false }: CertificatePlan,
  domain: string,
  ca: TestCa,
): Promise<{ readonly chain: string; readonly key: string; readonly der: Uint8Array; readonly unserved: boolean }> {
  const full = names.map((name) => name.replaceAll("%", domain));
  if (kind === "self-issued") {
    const keys = ecKeys();
    const { der } = mint({ names: full, keys });
    return { chain: toPem(der), key: keys.privateKey.export({ type: "pkcs8", format: "pem" }), der, unserved };
  }
  const day = 86_400_000;
  const [from, to] = kind === undefined ? [-1, 60] : kind === "expired" ? [-90, -1] : [-80, 10];
  const validity = { notBefore: new Date(Date.now() + from * day), notAfter: new Date(Date.now() + to * day) };
  return { ...(await ca.issue(full, validity)), unserved };
}

async function servePolicies(grown: readonly Grown[], undo: AsyncDisposableStack): Promise<number> {
  const [first, ...rest] = grown.flatMap(({ pairs }) => pairs.filter(({ unserved }) => !unserved));
  const certificates = await loadCertificates([first ?? failed(), ...rest], { clock: systemClock });
  if (!certificates.ok) throw new Error(JSON.stringify(certificates.error));
  const policies = new Map(grown.map(({ domain, policy }) => [domain, policy]));
  const host = await openStsHost(
    { address: { host: "127.0.0.1", port: 0 }, tls: "implicit" },
    {
      clock: systemClock,
      certificates: certificates.value,
      policyOf: (name) => policies.get(name),
      limits: { perAddress: 200 },
    },
  );
  return undo.use(host).port;
}

function configText(
  mistake: Mistake,
  place: {
    readonly domain: string;
    readonly folder: string;
    readonly pairs: readonly { readonly chain: string; readonly key: string }[];
    readonly nextFile: string;
  },
  ports: { readonly dns: number; readonly https: number },
): string {
  const { folder, pairs, nextFile } = place;
  const next = mistake.nextKey === "same" ? pairs[0]?.key : mistake.nextKey === "none" ? undefined : nextFile;
  const text = `hostname = "${mistake.hostname ?? "mx1.%"}"
data_dir = "${folder}/data"
postmaster = "postmaster@%"
${pairs
  .map(({ chain, key }, at) => {
    const more = at === 0 && next !== undefined ? `next_key = "${next}"\n` : "";
    return `[[certificate]]\nchain = "${chain}"\nkey = "${key}"\n${more}`;
  })
  .join("")}
[dns]
servers = ["127.0.0.1:${ports.dns}"]
trust_anchors = "${folder}/anchors"
self_test = { secure = "example", bogus = "broken.example" }
[policy]
mta_sts_port = ${ports.https}
mta_sts_networks = ["127.0.0.0/8"]
mta_sts_roots = "${folder}/ca.pem"
[[domain]]
name = "%"
recipients = "any"
${mistake.domain ?? HOSTED}`;
  return text.replaceAll("%", place.domain);
}

function parsedConfig(text: string, file: string): Config {
  const withoutAnchors = file === "x.toml" ? text.replace(/^trust_anchors.*$/m, "") : text;
  const parsed = parseConfig(withoutAnchors, file);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error.issues));
  return parsed.value.config;
}

function spoilt(zone: SignedZone, target: string): SignedZone {
  const [owner = "", covers = ""] = target.split(" ");
  return change(zone, { owner: `${owner}.`, type: "RRSIG", covers }, flipLast);
}

function spkiOf(der: Uint8Array | undefined): Buffer {
  const key: KeyObject = new X509Certificate(der ?? failed()).publicKey;
  return key.export({ type: "spki", format: "der" });
}

function digest(name: string, octets: Uint8Array): string {
  return createHash(name).update(octets).digest("hex");
}

function failed(): never {
  throw new Error("The world is not whole");
}
