import { isLoopback } from "../delivery/mod.ts";
import { type CheckIssue, type CheckWorld, error, warning } from "./issue.ts";
import { parseHostPort } from "./units.ts";
import type { RouteTarget } from "./types.ts";

/** What a route's target says that cannot be, or that would give something away. */
export function checkTarget(target: RouteTarget, at: number, world: CheckWorld): CheckIssue[] {
  if (typeof target === "string") return [];
  const path = ["route", at, "deliver"];
  if ("maildir" in target) return checkMaildir(target.maildir, path);
  return "lmtp" in target ? checkAgent(target.lmtp, path) : checkNextHop(target, path, world);
}

function checkMaildir(maildir: string, path: CheckIssue["path"]): CheckIssue[] {
  if (maildir.includes("{localpart}")) return [];
  return [warning(path, "The maildir has no {localpart}: all recipients share one")];
}

function checkAgent(lmtp: string, path: CheckIssue["path"]): CheckIssue[] {
  if (lmtp.startsWith("/")) return [];
  const at = [...path, "lmtp"];
  const parsed = parseHostPort(lmtp, LMTP_PORT);
  if (!parsed.ok || parsed.value.port === 0 || parsed.value.host.includes("/")) {
    return [error(at, `${JSON.stringify(lmtp)} is neither host:port nor the absolute path of a socket`)];
  }
  // RFC 2033 §5
  if (parsed.value.port === SMTP_PORT) return [error(at, "LMTP is never spoken on port 25 (RFC 2033 §5)")];
  if (isLoopback(parsed.value.host)) return [];
  return [
    warning(at, `${parsed.value.host} is another machine, and LMTP to it is protected only as far as it offers TLS`),
  ];
}

function checkNextHop(
  target: Extract<RouteTarget, { smtp: unknown }>,
  path: CheckIssue["path"],
  world: CheckWorld,
): CheckIssue[] {
  const { smtp, tls, user, password_file } = target;
  const issues: CheckIssue[] = [];
  if ((user === undefined) !== (password_file === undefined)) {
    const [there, missing] = user === undefined ? ["password_file", "user"] : ["user", "password_file"];
    issues.push(error([...path, there], `${there} needs ${missing} beside it`));
  }
  if (user === undefined || password_file === undefined) return issues;
  // RFC 4954 §4
  if (tls !== "secure" && !isLoopback(smtp.host)) {
    issues.push(error(path, `A password goes to ${smtp.host} only with tls = "secure" (RFC 4954 §4)`));
  }
  if (!world.exists(password_file)) {
    issues.push(error([...path, "password_file"], `There is no file ${password_file}`));
  } else if (((world.mode?.(password_file) ?? 0) & OTHERS) !== 0) {
    issues.push(
      warning([...path, "password_file"], `Everybody on this machine may read ${password_file}; chmod 600 it`),
    );
  }
  return issues;
}

const LMTP_PORT = 24;
const SMTP_PORT = 25;
/** Read permission of those who are neither the owner nor in the group. */
const OTHERS = 0o004;
