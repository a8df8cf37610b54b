import { type Bytes, err, fromStrictUtf8, ok, type Result, unreachable } from "../../base/mod.ts";

/** One look-up, as socketmap_table(5) of Postfix writes it. */
export interface SocketmapRequest {
  readonly map: string;
  readonly key: string;
}

/** `temp` and `perm` fail the look-up, for now or until somebody changes something; neither is an absence. */
export type SocketmapReply =
  | { readonly kind: "found"; readonly data: string }
  | { readonly kind: "not-found" }
  | { readonly kind: "temp" | "perm"; readonly reason: string };

/** Parses "policy pine.example". */
export function parseRequest(octets: Bytes): Result<SocketmapRequest, string> {
  const text = fromStrictUtf8(octets);
  if (text === undefined) return err("the request is no UTF-8");
  const space = text.indexOf(" ");
  if (space <= 0) return err("a request is the name of a map, a space, and a key");
  return ok({ map: text.slice(0, space), key: text.slice(space + 1) });
}

/** The reply without its netstring. A reason is cut short and holds only what a log line can show. */
export function formatReply(reply: SocketmapReply): string {
  switch (reply.kind) {
    case "found":
      return `OK ${reply.data}`;
    case "not-found":
      return "NOTFOUND ";
    case "temp":
      return `TEMP ${harmless(reply.reason)}`;
    case "perm":
      return `PERM ${harmless(reply.reason)}`;
    default:
      return unreachable(reply);
  }
}

function harmless(reason: string): string {
  return reason.slice(0, LONGEST_REASON).replace(UNSEEN, "?");
}

/** Octets of a request; the longest domain name has 253 in ASCII, and a few times that in UTF-8. */
export const LONGEST_REQUEST = 2048;
const LONGEST_REASON = 500;
const UNSEEN = /[^\x20-\x7e]/g;
