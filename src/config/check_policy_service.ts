import { isLoopback } from "../delivery/mod.ts";
import { type CheckIssue, error } from "./issue.ts";
import type { Config } from "./types.ts";

/** `[policy_service]`: its protocol knows no client and no server, so nothing else may stand between the two. */
export function checkPolicyService({ policy_service: { address, path } }: Config): CheckIssue[] {
  const issues: CheckIssue[] = [];
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

/** sun_path of Linux and macOS, without its end. */
const LONGEST_SOCKET_PATH = 103;
