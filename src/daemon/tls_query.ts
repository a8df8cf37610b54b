import { err, ok, type Result } from "../base/mod.ts";
import type { LocalTls } from "../submission/mod.ts";

/** How the finer wishes of a local sender travel in a query: `by`, `mx`, `requiretls`, `optional`. */
export function writeTls(query: URLSearchParams, tls: LocalTls | undefined): void {
  if (tls?.by !== undefined) query.set("by", tls.by.join(","));
  if (tls?.mxAuthentic !== undefined) query.set("mx", tls.mxAuthentic);
  if (tls?.requireTls === true) query.set("requiretls", "yes");
  if (tls?.optional === true) query.set("optional", "yes");
}

export function readTls(query: URLSearchParams): Result<LocalTls, string> {
  const mx = query.get("mx");
  if (mx !== null && mx !== "dnssec" && mx !== "dnssec-or-sts")
    return err(`${JSON.stringify(mx)} is no proof of an MX name; dnssec and dnssec-or-sts are`);
  const by = mechanismsOf(query.get("by"));
  if (!by.ok) return by;
  return ok({
    ...(by.value === undefined ? {} : { by: by.value }),
    ...(mx === null ? {} : { mxAuthentic: mx }),
    ...(query.get("requiretls") === "yes" ? { requireTls: true } : {}),
    ...(query.get("optional") === "yes" ? { optional: true } : {}),
  });
}

/** A comma list of mechanisms, one at least; null is none given. */
export function mechanismsOf(text: string | null): Result<LocalTls["by"], string> {
  if (text === null) return ok(undefined);
  const words = text.split(",");
  const by = MECHANISMS.filter((one) => words.includes(one));
  if (by.length !== words.length) return err(`${JSON.stringify(text)} names no mechanisms; dane and webpki are`);
  return ok(by);
}

const MECHANISMS = ["dane", "webpki"] as const;
