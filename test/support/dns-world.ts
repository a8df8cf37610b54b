import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Daemon } from "./dns-process.ts";
import { startDaemon } from "./dns-process.ts";
import type { KeyPair, SignedZone, Signing } from "./dns-zone.ts";
import { absolute, makeKey, readZone, signZone, writeZone } from "./dns-zone.ts";
import { freePort } from "./port.ts";

export type Authority = "nsd" | "knot" | "named";

/** One zone of a private Internet. Delegations to zones below are added by the builder. */
export interface ZonePlan {
  /** Without the trailing dot; "" is the root. */
  readonly name: string;
  readonly server: Authority;
  /** Records in relative form, below `$ORIGIN` and `$TTL 300`; SOA and NS are added. */
  readonly records: string;
  /** Algorithms of the keys, the first a key for everything; none is an unsigned zone. */
  readonly algorithms: readonly number[];
  readonly signing?: Partial<Signing>;
  /** Keys that sign; by default all. */
  readonly signers?: (keys: readonly KeyPair[]) => readonly KeyPair[];
  /** The DS lines in the parent; by default one for every key. */
  readonly ds?: (keys: readonly KeyPair[]) => readonly string[];
  /** What goes wrong between signer and server. `again` signs the zone once more, otherwise. */
  readonly spoil?: (zone: SignedZone, help: SpoilHelp) => SignedZone | Promise<SignedZone>;
}

export interface SpoilHelp {
  readonly keys: readonly KeyPair[];
  again(signing: Partial<Signing>): Promise<SignedZone>;
}

export interface World extends AsyncDisposable {
  readonly folder: string;
  /** The root's key as an anchor: DS lines, and a DNSKEY line for programs that want one. */
  readonly anchors: string;
  readonly rootKey: string;
  readonly zones: ReadonlyMap<string, SignedZone>;
  readonly stubs: readonly { readonly zone: string; readonly port: number }[];
  /** Starts an unbound that resolves in this world. */
  recursor(options?: RecursorOptions): Promise<Recursor>;
}

export interface RecursorOptions {
  /** Validates too (AD and SERVFAIL for those who do not set CD). */
  readonly validates?: boolean;
  readonly extra?: string;
}

export interface Recursor extends AsyncDisposable {
  readonly port: number;
  readonly daemon: Daemon;
}

/** Signs the zones, children first, and starts the servers that are needed, all on 127.0.0.1. */
export async function buildWorld(plans: readonly ZonePlan[]): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-dns-"));
  const stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  try {
    const keys = new Map<string, readonly KeyPair[]>();
    await Promise.all(plans.map(async (plan) => void keys.set(plan.name, await makeKeys(plan, folder))));
    const signed = await Promise.all(
      plans.map(async (plan) => [plan.name, await build(plan, { plans, keys, folder })] as const),
    );
    const zones = new Map(signed);
    const ports = new Map<Authority, number>();
    await Promise.all(
      (["nsd", "knot", "named"] as const).map(async (kind) => {
        const mine = plans.filter((plan) => plan.server === kind);
        if (mine.length === 0) return;
        const port = await freePort();
        ports.set(kind, port);
        const home = join(folder, kind);
        await mkdir(home, { recursive: true });
        for (const plan of mine) await writeFile(join(home, fileOf(plan.name)), writeZone(zones.get(plan.name) ?? []));
        stack.use(await startAuthority(kind, { names: mine.map((plan) => plan.name), home, port }));
      }),
    );
    const rootKeys = keys.get("") ?? [];
    const stubs = plans.map((plan) => ({ zone: plan.name, port: ports.get(plan.server) ?? 0 }));
    const anchors = `${rootKeys.map((key) => key.ds).join("\n")}\n`;
    return {
      folder,
      anchors,
      rootKey: rootKeys[0]?.dnskey ?? "",
      zones,
      stubs,
      recursor: (options = {}) => startRecursor({ folder, anchors, stubs }, options),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (cause) {
    await stack.disposeAsync();
    throw cause;
  }
}

async function makeKeys(plan: ZonePlan, folder: string): Promise<readonly KeyPair[]> {
  const by = plan.signing?.signer ?? "ldns";
  const keys: KeyPair[] = [];
  for (const algorithm of plan.algorithms) keys.push(await makeKey(plan.name, algorithm, { folder, by }));
  return keys;
}

interface Place {
  readonly plans: readonly ZonePlan[];
  readonly keys: ReadonlyMap<string, readonly KeyPair[]>;
  readonly folder: string;
}

async function build(plan: ZonePlan, place: Place): Promise<SignedZone> {
  const keys = place.keys.get(plan.name) ?? [];
  const text = [
    `$ORIGIN ${absolute(plan.name)}`,
    "$TTL 300",
    "@ SOA ns hostmaster 1 3600 900 604800 300",
    "@ NS ns",
    "ns A 127.0.0.1",
    plan.records,
    ...place.plans
      .filter((child) => parentOf(child, place.plans) === plan.name)
      .flatMap((child) => delegation(child, place)),
    "",
  ].join("\n");
  const again = (signing: Partial<Signing>): Promise<SignedZone> =>
    signZone(
      { name: plan.name, text, keys: plan.signers?.(keys) ?? keys },
      { signer: "ldns", denial: "nsec", ...plan.signing, ...signing },
      place.folder,
    );
  const zone = keys.length === 0 ? expand(text, plan.name) : await again({});
  return (await plan.spoil?.(zone, { keys, again })) ?? zone;
}

function delegation(child: ZonePlan, place: Place): readonly string[] {
  const keys = place.keys.get(child.name) ?? [];
  const owner = absolute(child.name);
  return [`${owner} NS ns.${owner}`, `ns.${owner} A 127.0.0.1`, ...(child.ds?.(keys) ?? keys.map((key) => key.ds))];
}

function parentOf(child: ZonePlan, plans: readonly ZonePlan[]): string | undefined {
  if (child.name === "") return undefined;
  const above = plans.filter((plan) => plan.name === "" || child.name.endsWith(`.${plan.name}`));
  return above.sort((a, b) => b.name.length - a.name.length)[0]?.name;
}

/** Puts an unsigned zone into the one-line form that the signers give. */
function expand(text: string, zone: string): SignedZone {
  const origin = absolute(zone);
  const full = (name: string): string =>
    name === "@" ? origin : name.endsWith(".") ? name : `${name}.${zone === "" ? "" : origin}`;
  const lines = text.split("\n").flatMap((line) => {
    const match = /^(\S+)\s+(?:\d+\s+)?(?:IN\s+)?([A-Z][A-Z0-9]*)\s+(.+)$/.exec(line);
    if (match === null || line.startsWith("$")) return [];
    const [, owner = "", type = "", rdata = ""] = match;
    const names = NAMES_AT.get(type) ?? [];
    const fields = rdata.split(" ").map((field, at) => (names.includes(at) ? full(field) : field));
    return [`${full(owner)}\t300\tIN\t${type}\t${fields.join(" ")}`];
  });
  return readZone(lines.join("\n"));
}

const NAMES_AT: ReadonlyMap<string, readonly number[]> = new Map([
  ["NS", [0]],
  ["CNAME", [0]],
  ["DNAME", [0]],
  ["SOA", [0, 1]],
  ["MX", [1]],
]);

function fileOf(zone: string): string {
  return `${zone === "" ? "root" : zone}.zone`;
}

async function startAuthority(
  kind: Authority,
  place: { readonly names: readonly string[]; readonly home: string; readonly port: number },
): Promise<Daemon> {
  const { names, home, port } = place;
  const file = join(home, "server.conf");
  await writeFile(file, CONFIGURATIONS[kind](place));
  const program = { nsd: "nsd", knot: "knotd", named: "named" }[kind];
  const args = { nsd: ["-d", "-c", file], knot: ["-c", file], named: ["-g", "-c", file] }[kind];
  const daemon = await startDaemon(program, args, { cwd: home, port });
  if (names.length === 0) throw new Error("A server without zones");
  return daemon;
}

const CONFIGURATIONS: Record<
  Authority,
  (place: { readonly names: readonly string[]; readonly home: string; readonly port: number }) => string
> = {
  nsd: ({ names, home, port }) => `server:
  ip-address: 127.0.0.1@${port}
  do-ip6: no
  username: ""
  chroot: ""
  zonesdir: "${home}"
  pidfile: ""
  database: ""
  xfrdfile: "${home}/xfrd.state"
  zonelistfile: "${home}/zone.list"
  xfrdir: "${home}"
  server-count: 1
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
${names.map((name) => `zone:\n  name: "${absolute(name)}"\n  zonefile: "${fileOf(name)}"`).join("\n")}
`,
  knot: ({ names, home, port }) => `server:
    rundir: "${home}"
    listen: 127.0.0.1@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "${home}"
template:
  - id: default
    storage: "${home}"
    semantic-checks: off
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
${names.map((name) => `  - domain: "${absolute(name)}"\n    file: "${fileOf(name)}"`).join("\n")}
`,
  named: ({ names, home, port }) => `options {
  directory "${home}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  pid-file none;
  session-keyfile none;
  notify no;
  minimal-responses no;
};
controls { };
${names.map((name) => `zone "${absolute(name)}" { type primary; file "${fileOf(name)}"; check-names ignore; };`).join("\n")}
`,
};

async function startRecursor(
  world: Pick<World, "folder" | "anchors" | "stubs">,
  options: RecursorOptions,
): Promise<Recursor> {
  const port = await freePort();
  const home = join(world.folder, `unbound-${port}`);
  await mkdir(home);
  await writeFile(join(home, "anchors"), world.anchors);
  const { validates = true, extra = "" } = options;
  const configuration = `server:
  interface: 127.0.0.1
  port: ${port}
  do-ip6: no
  username: ""
  chroot: ""
  directory: "${home}"
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  logfile: ""
  verbosity: 0
  module-config: "${validates ? "validator iterator" : "iterator"}"
  trust-anchor-file: "${home}/anchors"
  trust-anchor-signaling: no
  root-key-sentinel: no
  do-not-query-localhost: no
  local-zone: "test." nodefault
  aggressive-nsec: no
  val-nsec3-keysize-iterations: "1024 50 2048 50 4096 50"
  ede: yes
  num-threads: 1
  ${extra}
remote-control:
  control-enable: no
${world.stubs.map(({ zone, port }) => `stub-zone:\n  name: "${absolute(zone)}"\n  stub-addr: 127.0.0.1@${port}`).join("\n")}
`;
  await writeFile(join(home, "unbound.conf"), configuration);
  const daemon = await startDaemon("unbound", ["-d", "-c", join(home, "unbound.conf")], { cwd: home, port });
  return { port, daemon, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}
