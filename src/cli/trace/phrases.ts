import type { Finding, Hop, Path } from "../../trace/mod.ts";
import { STRENGTHS } from "./paint.ts";

/** The client: its name, what it called itself when that differs, its address. */
export function fromLine(hop: Hop): string {
  const { from } = hop;
  const unnamed = hop.tls.state === "local" ? "a program on the machine" : "a client that is not named";
  if (from === undefined) return unnamed;
  const name = from.rdns ?? from.helo;
  const called =
    from.rdns !== undefined && from.helo !== undefined && !sameName(from.rdns, from.helo)
      ? `, called itself ${from.helo}`
      : "";
  const address = from.ip === undefined || name === from.ip || name === `[${from.ip}]` ? "" : ` [${from.ip}]`;
  const user = name === undefined && from.ident !== undefined ? `the user ${from.ident}` : undefined;
  return `${name ?? from.ip ?? user ?? unnamed}${name === undefined ? "" : address}${called}`;
}

/** The warnings of each hop. */
export function warningsByHop(path: Path): ReadonlyMap<number, readonly Finding[]> {
  const found = new Map<number, Finding[]>();
  for (const finding of path.findings) {
    if (finding.level !== "warn") continue;
    const own = found.get(finding.index);
    if (own === undefined) found.set(finding.index, [finding]);
    else own.push(finding);
  }
  return found;
}

/** Version, cipher, group, and how the state is known. */
export function protectionDetail(hop: Hop): string {
  const { tls, basis } = hop;
  const parts = [tls.version, tls.cipherIana ?? tls.cipher, tls.group].filter((one) => one !== undefined);
  if (tls.weaknesses.length > 0) parts.push(`(${tls.weaknesses.join(", ")})`);
  if (tls.state === "cleartext")
    parts.push(`(${basis.tls.confidence} from the habits of ${hop.software ?? "the writer"})`);
  return parts.join(" ");
}

/** Software, protocol, authentication, REQUIRETLS: what stands behind the host's name. */
export function protocolLine(hop: Hop): string {
  const parts = [hop.software ?? undefined, hop.protocol === undefined ? undefined : `with ${hop.protocol.raw}`];
  if (hop.auth.state === "authenticated")
    parts.push(`authenticated${hop.auth.user === undefined ? "" : ` as ${hop.auth.user}`}`);
  const said = parts.filter((one) => one !== undefined);
  return said.length === 0 ? "" : ` · ${said.join(" · ")}`;
}

export function weakestLine(path: Path, part: "facts" | "claims"): string {
  const link = path.weakestTls[part];
  if (link === null) return "none that crossed a network";
  return `hop ${path.hops.length - link.index}, ${STRENGTHS[link.strength].word}`;
}

function sameName(left: string, right: string): boolean {
  return bare(left) === bare(right);
}

function bare(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}
