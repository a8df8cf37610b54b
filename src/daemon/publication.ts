import { systemClock, systemRandom } from "../base/mod.ts";
import { type Config, type DomainConfig, networkSet } from "../config/mod.ts";
import { fetchStsPolicy } from "../policy/io/mod.ts";
import { type Checked, checkPublication, lookAt, type Publication, type Seen } from "../publish/mod.ts";
import { readOwnCertificates } from "../publish/io/mod.ts";
import { openNames } from "./names.ts";
import { type Seams, StartFailure } from "./seams.ts";
import { stsHostingOf } from "./sts_host_policies.ts";
import { trustOf } from "./trust.ts";

/** What one of our domains has to publish, from the configuration and the certificates. Throws an Error for people. */
export async function publicationOf(
  config: Config,
  entry: DomainConfig,
  ports: readonly number[],
): Promise<Publication> {
  const certificates = await readOwnCertificates(
    config.certificate.map(({ chain, next_key }) => ({
      chain,
      ...(next_key === undefined ? {} : { nextKey: next_key }),
    })),
  );
  if (!certificates.ok) throw new StartFailure(certificates.error);
  const sts = stsHostingOf(entry, config.hostname);
  return {
    domain: entry.name,
    hostname: config.hostname,
    ports,
    ...(sts === undefined ? {} : { sts }),
    tlsRpt: [entry.tls_rpt ?? []].flat(),
    certificates: certificates.value,
  };
}

export interface PublicationLook extends Checked {
  readonly seen: Seen;
}

/** Looks at what is published with the configured resolver, and fetches the policy as other servers do unless told not to. */
export async function lookAtPublication(
  config: Config,
  publication: Publication,
  { fetch, ...seams }: Pick<Seams, "clock" | "random" | "resolver"> & { readonly fetch: boolean },
): Promise<PublicationLook> {
  const { clock = systemClock, random = systemRandom } = seams;
  await using undo = new AsyncDisposableStack();
  const names =
    seams.resolver === undefined
      ? undo.use(await openNames(config, { clock, random }))
      : { resolver: seams.resolver, daneOff: async () => undefined };
  const { resolver } = names;
  const { mta_sts_networks, mta_sts_port, mta_sts_roots } = config.policy;
  const permitted = networkSet(mta_sts_networks);
  const trust = fetch && publication.sts !== undefined ? await trustOf(mta_sts_roots) : undefined;
  const seen = await lookAt(publication, {
    resolver,
    ...(trust === undefined
      ? {}
      : {
          fetchPolicy: async (domain) =>
            await fetchStsPolicy(domain, { resolver, clock, trust, permitted, port: mta_sts_port }),
        }),
  });
  const dnssecOff = await names.daneOff();
  const checked = checkPublication(publication, seen, {
    now: clock.now(),
    ...(dnssecOff === undefined ? {} : { dnssecOff }),
  });
  return { ...checked, seen };
}
