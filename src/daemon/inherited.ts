import { readFileSync, readlinkSync } from "node:fs";
import { formatIpv6, parseIpv4, parseIpv6 } from "../mail/mod.ts";

/** Listening sockets that a supervisor opened for us, by address; each is given out once. */
export interface InheritedSockets {
  /** The descriptor of the socket that is bound to an address; undefined when there is none. */
  take(address: { readonly host: string; readonly port: number }): number | undefined;
  /** Addresses that nobody took. */
  left(): readonly string[];
}

/** What is looked at; the process itself outside tests. */
export interface ProcessFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** The inode of a descriptor's socket. */
  inode(descriptor: number): string | undefined;
  /** /proc/net/tcp and tcp6. */
  tables(): readonly string[];
}

/**
 * Finds the sockets that systemd passes from descriptor 3 on (sd_listen_fds(3)). They are known by the address they are
 * bound to, as Linux tells it, so that their order and names do not matter. Without them the result is empty.
 */
export function inheritedSockets(facts: ProcessFacts = SELF): InheritedSockets {
  const found = new Map<string, number>();
  const count = Number(facts.env["LISTEN_FDS"] ?? 0);
  const meant = facts.env["LISTEN_PID"];
  if (Number.isInteger(count) && count > 0 && (meant === undefined || Number(meant) === facts.pid)) {
    const addresses = listening(facts.tables());
    for (let descriptor = FIRST; descriptor < FIRST + Math.min(count, MOST); descriptor++) {
      const inode = facts.inode(descriptor);
      const address = inode === undefined ? undefined : addresses.get(inode);
      if (address !== undefined) found.set(address, descriptor);
    }
  }
  return {
    take({ host, port }) {
      const key = keyOf(host, port);
      const descriptor = found.get(key);
      found.delete(key);
      return descriptor;
    },
    left: () => [...found.keys()],
  };
}

/** Local addresses of listening sockets by inode. */
function listening(tables: readonly string[]): ReadonlyMap<string, string> {
  const addresses = new Map<string, string>();
  for (const line of tables.flatMap((table) => table.split("\n"))) {
    const fields = line.trim().split(/ +/);
    const [, local = "", , state] = fields;
    const inode = fields[9];
    const [address = "", port = ""] = local.split(":");
    const known = ADDRESS.test(local) && state === LISTEN && inode !== undefined;
    if (known) addresses.set(inode, keyOf(hostOf(address), Number.parseInt(port, 16)));
  }
  return addresses;
}

/** The kernel writes addresses as words of four octets in the order of the machine, which is little-endian here. */
function hostOf(hex: string): string {
  const octets = Buffer.from(hex, "hex");
  for (let at = 0; at + 4 <= octets.length; at += 4) octets.subarray(at, at + 4).reverse();
  if (octets.length === 4) return octets.join(".");
  return formatIpv6(Array.from({ length: 8 }, (_, group) => octets.readUInt16BE(group * 2)));
}

function keyOf(host: string, port: number): string {
  const v6 = parseIpv4(host) === undefined ? parseIpv6(host) : undefined;
  return v6 === undefined ? `${host}:${port}` : `[${formatIpv6(v6)}]:${port}`;
}

const SELF: ProcessFacts = {
  env: process.env,
  pid: process.pid,
  inode(descriptor) {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1];
    } catch {
      return undefined;
    }
  },
  tables: () => ["/proc/self/net/tcp", "/proc/self/net/tcp6"].map(readTable),
};

/** Absent where the kernel has no such family. */
function readTable(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

const ADDRESS = /^(?:[0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4}$/;
const FIRST = 3;
/** No supervisor passes more for us. */
const MOST = 64;
const LISTEN = "0A";
