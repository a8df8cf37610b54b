import type { Resolver } from "../dns/mod.ts";
import { parseIpv4, parseIpv6 } from "../mail/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";

export type Addresses =
  | { readonly kind: "addresses"; readonly list: readonly string[] }
  /** `absent`: the host has none, by answers; `failure`: it could not be found out. */
  | { readonly kind: "absent" | "failure"; readonly status: Status };

/** All addresses of a host, the families taking turns, IPv6 first (RFC 5321 §5.2, RFC 8305 §4). */
export async function findAddresses(host: string, resolver: Resolver, signal?: AbortSignal): Promise<Addresses> {
  if (isAddress(host)) return { kind: "addresses", list: [host] };
  // RFC 6761 §6.3
  if (host === "localhost" || host.endsWith(".localhost")) return { kind: "addresses", list: ["::1", "127.0.0.1"] };
  const options = signal === undefined ? {} : { signal };
  const answers = await Promise.all([resolver.query(host, "AAAA", options), resolver.query(host, "A", options)]);
  const [v6 = [], v4 = []] = answers.map((answer) => (answer.kind === "data" ? answer.records : []));
  const list = interleaved(v6, v4);
  if (list.length > 0) return { kind: "addresses", list };
  const failure = answers.find((answer) => answer.kind === "failure");
  // An error in one family says nothing about the host when the other has no address.
  if (failure !== undefined) {
    return {
      kind: "failure",
      status: statusOf("dns-failure", `The address look-up for ${host} failed: ${failure.detail}`),
    };
  }
  return { kind: "absent", status: statusOf("no-route", `The host ${host} has no address`) };
}

export function isAddress(text: string): boolean {
  return parseIpv4(text) !== undefined || parseIpv6(text) !== undefined;
}

function interleaved(first: readonly string[], second: readonly string[]): readonly string[] {
  const list: string[] = [];
  for (let at = 0; at < Math.max(first.length, second.length); at++) {
    for (const one of [first[at], second[at]]) if (one !== undefined) list.push(one);
  }
  return list;
}
