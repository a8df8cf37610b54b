import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./dns-process.ts";

/** One line of a zone file whose names are absolute. */
export interface ZoneRecord {
  readonly owner: string;
  readonly ttl: string;
  readonly type: string;
  readonly rdata: string;
}

export type SignedZone = readonly ZoneRecord[];

export interface KeyPair {
  /** Base of the file names, as the signers want it. */
  readonly base: string;
  readonly tag: number;
  readonly algorithm: number;
  readonly ksk: boolean;
  /** The DNSKEY line and the DS line (SHA-256), absolute. */
  readonly dnskey: string;
  readonly ds: string;
}

export type Denial = "nsec" | "nsec3" | "optout";

export interface Signing {
  readonly signer: "ldns" | "bind";
  readonly denial: Denial;
  readonly iterations?: number;
  /** Seconds from now. */
  readonly inception?: number;
  readonly expiration?: number;
  /** Every key signs the DNSKEY set, and every algorithm the rest. */
  readonly all?: boolean;
}

const MNEMONIC: ReadonlyMap<number, string> = new Map([
  [8, "RSASHA256"],
  [10, "RSASHA512"],
  [13, "ECDSAP256SHA256"],
  [14, "ECDSAP384SHA384"],
  [15, "ED25519"],
  [16, "ED448"],
]);

/** Makes a key in `folder` with ldns or BIND. */
export async function makeKey(
  zone: string,
  algorithm: number,
  options: { readonly folder: string; readonly ksk?: boolean; readonly by?: "ldns" | "bind" },
): Promise<KeyPair> {
  const { folder, ksk = true, by = "ldns" } = options;
  const name = MNEMONIC.get(algorithm) ?? "";
  const bits = algorithm < 11 ? ["-b", "2048"] : [];
  const owner = absolute(zone);
  const out =
    by === "ldns"
      ? await run("ldns-keygen", ["-a", name, ...bits, ...(ksk ? ["-k"] : []), "-r", "/dev/urandom", owner], folder)
      : await run("dnssec-keygen", ["-q", "-a", name, ...bits, ...(ksk ? ["-f", "KSK"] : []), owner], folder);
  const base = out.trim();
  const key = (await readFile(join(folder, `${base}.key`), "utf8"))
    .split("\n")
    .find((line) => /\sDNSKEY\s/.test(line) && !line.startsWith(";"));
  const ds = await run("ldns-key2ds", ["-n", "-2", `${base}.key`], folder);
  const dnskey = (key ?? "").replace(/;.*$/, "").trim();
  return { base, tag: Number(base.split("+")[2]), algorithm, ksk, dnskey, ds: ds.replace(/;.*$/m, "").trim() };
}

/** Signs `text` with `keys` and reads the result back. */
export async function signZone(
  zone: { readonly name: string; readonly text: string; readonly keys: readonly KeyPair[] },
  signing: Signing,
  folder: string,
): Promise<SignedZone> {
  const stem = `${zone.name === "" ? "root" : zone.name}.${String(++serial)}`;
  const source = `${stem}.unsigned`;
  const target = `${stem}.signed`;
  await writeFile(join(folder, source), zone.text);
  const from = stamp(signing.inception ?? -3600);
  const to = stamp(signing.expiration ?? 86_400 * 10);
  const bases = zone.keys.map((key) => key.base);
  if (signing.signer === "ldns") {
    const nsec3 = signing.denial === "nsec" ? [] : ["-n", "-t", String(signing.iterations ?? 0)];
    const optout = signing.denial === "optout" ? ["-p"] : [];
    const all = signing.all === true ? ["-A", "-U"] : [];
    const dates = ["-i", from, "-e", to];
    const origin = ["-o", absolute(zone.name)];
    await run(
      "ldns-signzone",
      [...origin, ...nsec3, ...optout, ...all, ...dates, "-f", target, source, ...bases],
      folder,
    );
  } else {
    const keys = zone.keys.map((key) => key.dnskey).join("\n");
    await writeFile(join(folder, source), `${zone.text}\n${keys}\n`);
    const nsec3 = signing.denial === "nsec" ? [] : ["-3", "-", "-H", String(signing.iterations ?? 0)];
    const optout = signing.denial === "optout" ? ["-A"] : [];
    const args = ["-q", "-P", "-O", "full", "-z", "-o", absolute(zone.name), "-s", from, "-e", to];
    await run("dnssec-signzone", [...args, ...nsec3, ...optout, "-f", target, source, ...bases], folder);
  }
  return readZone(await readFile(join(folder, target), "utf8"));
}

/** Reads a zone file that has one record on each line, as both signers write it. */
export function readZone(text: string): SignedZone {
  const records: ZoneRecord[] = [];
  for (const line of text.split("\n")) {
    const match = /^(\S+)\s+(\d+)\s+IN\s+(\S+)\s+(.*?)\s*$/.exec(line);
    if (match === null || line.startsWith(";")) continue;
    const [, owner = "", ttl = "", type = "", rdata = ""] = match;
    records.push({ owner: owner.toLowerCase(), ttl, type, rdata: rdata.replace(/\s;\{.*$/, "") });
  }
  return records;
}

export function writeZone(records: SignedZone): string {
  return `${records.map((r) => `${r.owner}\t${r.ttl}\tIN\t${r.type}\t${r.rdata}`).join("\n")}\n`;
}

export function absolute(name: string): string {
  return name === "" || name.endsWith(".") ? name || "." : `${name}.`;
}

function stamp(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString().replace(/[-:T]/g, "").slice(0, 14);
}

let serial = 0;
