import type { Setting } from "./explain.ts";
import type { Config } from "./types.ts";

/** `[[certificate]]`, `[https]`, and what domains publish of themselves. */
export function publishedSettings({ certificate, https, domain, hostname }: Config): readonly Setting[] {
  const certificates = certificate.map((entry, at) => ({
    key: `certificate.${at}`,
    value: JSON.stringify(entry.chain),
    means: "Chosen by the name a client asks for; the first one is the default",
  }));
  const hosted = domain.flatMap(({ name, mta_sts }, at) =>
    mta_sts === undefined
      ? []
      : [
          {
            key: `domain.${at}.mta_sts`,
            value: JSON.stringify(mta_sts.mode),
            means: `mta-sts.${name} says so of ${(mta_sts.mx ?? [hostname]).join(", ")}, for ${mta_sts.max_age / 86_400_000} days`,
          },
        ],
  );
  const reports = domain.flatMap(({ tls_rpt }, at) =>
    tls_rpt === undefined
      ? []
      : [
          {
            key: `domain.${at}.tls_rpt`,
            value: JSON.stringify(tls_rpt),
            means: "Other servers shall send TLS reports there, once the record is published",
          },
        ],
  );
  if (https === undefined) return [...certificates, ...hosted, ...reports];
  const { host, port } = https.address;
  const value = JSON.stringify(`${host.includes(":") ? `[${host}]` : host}:${port}`);
  return [...certificates, { key: "https.address", value, means: SERVES[https.tls] }, ...hosted, ...reports];
}

const SERVES = {
  implicit: "Serves the MTA-STS policies of our domains over HTTPS, with the certificate for mta-sts.DOMAIN",
  none: "Serves the MTA-STS policies of our domains to a reverse proxy on this machine",
} as const;
