import type { Answer, Resolver } from "../dns/mod.ts";
import { parseIpv4, parseIpv6 } from "../mail/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";

/** What is known of the addresses of a host; `answers` are those of DNS, for whoever needs their proof. */
export type Addresses = { readonly answers: readonly Answer<string>[] } & (
  | { readonly kind: "addresses"; readonly list: readonly string[] }
  /** `absent`: the host has none, by answers; `failure`: it could not be found out. */
  | { readonly kind: "absent" | "failure"; readonly status: Status }
);

/** All addresses of a host, the families taking turns, IPv6 first (RFC 5321 §5.2, RFC 8305 §4). */
export async function findAddresses(host: string, resolver: Resolver, signal?: AbortSignal): Promise<Addresses> {
  if (isAddress(host)) return { kind: "addresses", list: [host], answers: [] };
  // RFC 6761 §6.3
  if (isLocalhost(host)) return { kind: "addresses", list: ["::1", "127.0.0.1"], answers: [] };
  const options = signal === undefined ? {} : { signal };
  const answers = await Promise.all([resolver.query(host, "AAAA", options), resolver.query(host, "A", options)]);
  const [v6 = [], v4 = []] = answers.map((answer) => (answer.kind === "data" ? answer.records : []));
  const list = interleaved(v6, v4);
  if (list.length > 0) return { kind: "addresses", list, answers };
  const failure = answers.find((answer) => answer.kind === "failure");
  // An error in one family says nothing about the host when the other has no address.
  if (failure !== undefined) {
    return {
      kind: "failure",
      status: statusOf("dns-failure", `The address look-up for ${host} failed: ${failure.detail}`),
      answers,
    };
  }
  return { kind: "absent", status: statusOf("no-route", `The host ${host} has no address`), answers };
}

/**
 * Without the addresses that may not be dialled. Whoever publishes an MX record, or writes an address literal, says where we
 * connect to, and must not reach what stands behind our own walls; a host with no other address is as one that has none.
 */
export function allowed(host: string, found: Addresses, mayDial: (address: string) => boolean): Addresses {
  if (found.kind !== "addresses") return found;
  const list = found.list.filter(mayDial);
  if (list.length > 0) return { ...found, list };
  const text = `The host ${host} stands in no public network (${found.list.join(", ")}), so it is not dialled`;
  return { kind: "absent", status: statusOf("no-route", text), answers: found.answers };
}

export function isAddress(text: string): boolean {
  return parseIpv4(text) !== undefined || parseIpv6(text) !== undefined;
}

/** Whether what is sent to `host`, a name or an address, never leaves this machine. */
export function isLoopback(host: string): boolean {
  if (isLocalhost(host)) return true;
  const numbers = numbersOf(host);
  if (numbers?.length === 4) return numbers[0] === 127;
  return numbers !== undefined && numbers.every((group, at) => group === (at === 7 ? 1 : 0));
}

/** Whether an address leads back here: one of our own, or the unspecified one, which a system takes for itself. */
export function isOwn(address: string, own: readonly string[]): boolean {
  const numbers = numbersOf(address);
  if (numbers === undefined) return false;
  // RFC 6890 §2.2.2
  if (numbers.length === 4 ? numbers[0] === 0 : numbers.every((group) => group === 0)) return true;
  return own.some((one) => numbersOf(one.split("%", 1)[0] ?? "")?.join() === numbers.join());
}

/** Four octets or eight groups; an IPv4-mapped address is the IPv4 address that it means. */
function numbersOf(text: string): readonly number[] | undefined {
  const v4 = parseIpv4(text);
  if (v4 !== undefined) return v4;
  const v6 = parseIpv6(text);
  const [, , , , , mark, high = 0, low = 0] = v6 ?? [];
  if (mark !== 0xffff || v6?.slice(0, 5).some((group) => group !== 0) === true) return v6;
  return [high >> 8, high & 0xff, low >> 8, low & 0xff];
}

function isLocalhost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}

function interleaved(first: readonly string[], second: readonly string[]): readonly string[] {
  const list: string[] = [];
  for (let at = 0; at < Math.max(first.length, second.length); at++) {
    for (const one of [first[at], second[at]]) if (one !== undefined) list.push(one);
  }
  return list;
}
