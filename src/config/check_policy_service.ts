import { isLoopback } from "../delivery/mod.ts";
import { type CheckIssue, error } from "./issue.ts";
import type { Config, HttpsConfig } from "./types.ts";

/** `[policy_service]`: its protocol knows no client and no server, so nothing else may stand between the two. */
export function checkPolicyService(config: Config): CheckIssue[] {
  const { address, path } = config.policy_service;
  const issues: CheckIssue[] = [];
  const rival = address === undefined || address.port === 0 ? undefined : rivalOf(address, config);
  if (rival !== undefined) issues.push(error(["policy_service", "address"], `${rival} listens there already`));
  if (address !== undefined && !isLoopback(address.host)) {
    issues.push(
      error(["policy_service", "address"], `Nobody proves anything there; listen on 127.0.0.1 or ::1, or give a path`),
    );
  }
  if (path !== undefined && Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    issues.push(error(["policy_service", "path"], `A socket may have a path of ${LONGEST_SOCKET_PATH} octets at most`));
  }
  return issues;
}

function rivalOf({ host, port }: HttpsConfig["address"], { listen, https }: Config): string | undefined {
  const others = [
    ...listen.map(({ address }, at) => ({ name: `listen.${at}`, address })),
    ...(https === undefined ? [] : [{ name: "https", address: https.address }]),
  ];
  return others.find(({ address }) => address.host === host && address.port === port)?.name;
}

/** sun_path of Linux and macOS, without its end. */
const LONGEST_SOCKET_PATH = 103;
