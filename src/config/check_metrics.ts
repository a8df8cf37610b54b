import { isLoopback } from "../delivery/mod.ts";
import { type CheckIssue, error, warning } from "./issue.ts";
import type { Config, HttpsConfig } from "./types.ts";

/** Whether metrics are wanted at all. */
export function isMeasured({ metrics: { address, path } }: Pick<Config, "metrics">): boolean {
  return address !== undefined || path !== undefined;
}

/** `[metrics]`: whoever reaches it reads how much mail goes where it goes, so it stays off public networks. */
export function checkMetrics(config: Config): CheckIssue[] {
  const { address, path } = config.metrics;
  const issues: CheckIssue[] = [];
  const rival = address === undefined || address.port === 0 ? undefined : rivalOf(address, config);
  if (rival !== undefined) issues.push(error(["metrics", "address"], `${rival} listens there already`));
  if (address !== undefined && !isLoopback(address.host)) {
    issues.push(
      warning(
        ["metrics", "address"],
        `Whoever reaches ${address.host} may read it; 127.0.0.1, ::1 or a path keeps it here`,
      ),
    );
  }
  if (path !== undefined && Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    issues.push(error(["metrics", "path"], `A socket may have a path of ${LONGEST_SOCKET_PATH} octets at most`));
  }
  return issues;
}

function rivalOf({ host, port }: HttpsConfig["address"], config: Config): string | undefined {
  const others = [
    ...config.listen.map(({ address }, at) => ({ name: `listen.${at}`, address })),
    ...(config.https === undefined ? [] : [{ name: "https", address: config.https.address }]),
    ...(config.policy_service.address === undefined
      ? []
      : [{ name: "policy_service", address: config.policy_service.address }]),
  ];
  return others.find(({ address }) => address.host === host && address.port === port)?.name;
}

/** sun_path of Linux and macOS, without its end. */
const LONGEST_SOCKET_PATH = 103;
