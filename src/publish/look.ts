import type { Result } from "../base/mod.ts";
import type { Answer, Mx, Resolver, Tlsa } from "../dns/mod.ts";
import type { Domain } from "../mail/mod.ts";
import type { StsTrouble } from "../policy/mod.ts";
import { isCovered } from "./served.ts";
import type { Publication } from "./types.ts";

/** What the world is told about one of our domains. */
export interface Seen {
  readonly mx: Answer<Mx>;
  /** The hosts that MX records name, and our own. */
  readonly hosts: readonly SeenHost[];
  readonly sts: Answer<string>;
  /** Of mta-sts.DOMAIN; empty when no policy is published. */
  readonly policyHost: readonly Answer<string>[];
  /** The policy that is served; absent when it was not asked for. */
  readonly served?: Result<string, StsTrouble>;
  readonly tlsRpt: Answer<string>;
}

export interface SeenHost {
  /** Lower case, without the trailing dot. */
  readonly name: string;
  /** An MX record names it. */
  readonly named: boolean;
  /** We have its keys. */
  readonly ours: boolean;
  /** A and AAAA. */
  readonly addresses: readonly Answer<string>[];
  readonly tlsa: readonly SeenTlsa[];
}

export interface SeenTlsa {
  readonly port: number;
  readonly owner: string;
  readonly answer: Answer<Tlsa>;
  /** Owners at which TLSA records stand by mistake; looked for where there are none at the right one. */
  readonly misplaced: readonly string[];
}

export interface LookOptions {
  readonly resolver: Resolver;
  /** Fetches what mta-sts.DOMAIN serves; without it that is not looked at. */
  readonly fetchPolicy?: (domain: Domain) => Promise<Result<string, StsTrouble>>;
}

/** Asks for all that is published about a domain of ours. Never rejects for what DNS says. */
export async function lookAt(publication: Publication, options: LookOptions): Promise<Seen> {
  const { domain, hostname } = publication;
  const { resolver } = options;
  const mx = await resolver.query(domain, "MX");
  const named = mx.kind === "data" ? mx.records.map(({ exchange }) => exchange.toLowerCase()) : [];
  const names = [...new Set([hostname as string, ...named])].filter((name) => name !== "").slice(0, MOST_HOSTS);
  const [hosts, sts, tlsRpt] = await Promise.all([
    Promise.all(names.map(async (name) => await lookAtHost(name, named.includes(name), { publication, resolver }))),
    resolver.query(`_mta-sts.${domain}`, "TXT"),
    resolver.query(`_smtp._tls.${domain}`, "TXT"),
  ]);
  return { mx, hosts, sts, tlsRpt, ...(await lookAtPolicy(publication, options)) };
}

async function lookAtPolicy(
  { domain, sts }: Publication,
  { resolver, fetchPolicy }: LookOptions,
): Promise<Pick<Seen, "policyHost" | "served">> {
  if (sts === undefined) return { policyHost: [] };
  const host = `mta-sts.${domain}`;
  const policyHost = await Promise.all([resolver.query(host, "AAAA"), resolver.query(host, "A")]);
  if (fetchPolicy === undefined || !policyHost.some(({ kind }) => kind === "data")) return { policyHost };
  return { policyHost, served: await fetchPolicy(domain) };
}

interface HostParts {
  readonly publication: Publication;
  readonly resolver: Resolver;
}

async function lookAtHost(name: string, named: boolean, { publication, resolver }: HostParts): Promise<SeenHost> {
  const addresses = await Promise.all([resolver.query(name, "AAAA"), resolver.query(name, "A")]);
  const ours = name === publication.hostname || isCovered(publication.certificates, name);
  const tlsa = await Promise.all(
    publication.ports.map(async (port): Promise<SeenTlsa> => {
      const owner = `_${port}._tcp.${name}`;
      const answer = await resolver.query(owner, "TLSA");
      const absent = answer.kind === "nodata" || answer.kind === "nxdomain";
      const wrong = absent && ours ? wrongOwners(name, port, publication.domain) : [];
      const found = await Promise.all(
        wrong.map(async (place) => ((await resolver.query(place, "TLSA")).kind === "data" ? [place] : [])),
      );
      return { port, owner, answer, misplaced: found.flat() };
    }),
  );
  return { name, named, ours, addresses, tlsa };
}

/** Where postmasters put records that nobody asks for. */
function wrongOwners(host: string, port: number, domain: Domain): readonly string[] {
  const ports = [25, 465, 587, 443].filter((other) => other !== port).map((other) => `_${other}._tcp.${host}`);
  const places = [...ports, `_${port}._tcp.${domain}`, `_${port}._tcp.mta-sts.${domain}`, `_tcp.${host}`, host];
  return [...new Set(places)].filter((place) => place !== `_${port}._tcp.${host}`);
}

/** More MX records than these are not looked at. */
const MOST_HOSTS = 20;
