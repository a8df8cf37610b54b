/** Four octets, or undefined; at most three digits each, leading zeros as RFC 5321 §4.1.3 allows them (Snum). */
export function parseIpv4(text: string): readonly number[] | undefined {
  if (!IPV4.test(text)) return undefined;
  const octets = text.split(".").map(Number);
  return octets.every((octet) => octet <= 255) ? octets : undefined;
}

/** Eight 16-bit groups, or undefined (RFC 5321 §4.1.3 IPv6-addr: `::` stands for at least two groups of zeros there; one is accepted too). */
export function parseIpv6(text: string): readonly number[] | undefined {
  if (text.length > 45 || !IPV6_CHARACTERS.test(text)) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1) return missing === 0 ? head : undefined;
  return missing >= 1 ? [...head, ...Array<number>(missing).fill(0), ...tail] : undefined;
}

/** RFC 5952 §4: lower case, longest run of zeros compressed. */
export function formatIpv6(parts: readonly number[]): string {
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && parts[end] === 0) end++;
    if (end - at > best.length) best = { at, length: end - at };
    if (end > at) at = end;
  }
  const hex = parts.map((part) => part.toString(16));
  if (best.at < 0) return hex.join(":");
  return `${hex.slice(0, best.at).join(":")}::${hex.slice(best.at + best.length).join(":")}`;
}

/** `last`: the address ends here, so an IPv4 address may stand for the last two groups. */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const result: number[] = [];
  const parts = text.split(":");
  for (const [at, part] of parts.entries()) {
    const v4 = last && at === parts.length - 1 ? parseIpv4(part) : undefined;
    if (v4 !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = v4;
      result.push(a * 256 + b, c * 256 + d);
    } else if (GROUP.test(part)) {
      result.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return result;
}

const IPV4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const IPV6_CHARACTERS = /^[0-9a-fA-F:.]+$/;
const GROUP = /^[0-9a-fA-F]{1,4}$/;
