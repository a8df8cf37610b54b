import { unreachable } from "../../base/mod.ts";
import type { Finding, TlsResult } from "../../policy/mod.ts";
import type { Status } from "../../status/mod.ts";
import type { SessionFailure, Stage } from "./types.ts";

export interface TlsTroubleInput {
  readonly stage: Stage;
  readonly status: Status;
  readonly findings: readonly Finding[];
  /** The library's code for what broke, where it has one. */
  readonly code?: string;
}

/** What a TLS report calls the end of a session on a rung with TLS (RFC 8460 §4.3); undefined where TLS was not the trouble. */
export function tlsTrouble({ stage, status, findings, code }: TlsTroubleInput): SessionFailure["tls"] {
  switch (stage) {
    case "starttls":
      if (status.cause === "shutting-down") return undefined;
      // RFC 8460 §4.3.1
      if (status.cause === "tls-not-offered") return { result: "starttls-not-supported" };
      return failure(status.reply === undefined ? status.cause : `STARTTLS ${status.reply.code}`);
    case "handshake":
      return status.cause === "shutting-down" ? undefined : failure(code ?? status.cause);
    case "greeting":
    case "hello":
    case "second-hello":
      // In TLS 1.3 a host that dislikes the handshake ends it when the client thinks that it is done.
      return code?.startsWith(LIBRARY) === true ? failure(code) : undefined;
    case "verify":
      return verdict(findings) ?? failure(status.cause);
    case "connect":
    case "auth":
      return undefined;
    default:
      return unreachable(stage);
  }
}

/** The first enforced policy that was not met. */
function verdict(findings: readonly Finding[]): SessionFailure["tls"] {
  const first = findings.find((finding) => finding.enforced && !finding.ok);
  if (first === undefined) return undefined;
  const result: TlsResult = first.result ?? "validation-failure";
  return { result, reason: first.detail };
}

// RFC 8460 §4.3.3
function failure(reason: string): SessionFailure["tls"] {
  return { result: "validation-failure", reason };
}

/** How OpenSSL's codes begin in Node.js. */
const LIBRARY = "ERR_SSL_";
