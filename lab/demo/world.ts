import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../src/config/mod.ts";
import { type Daemon, type Seams, startDaemon } from "../../src/daemon/mod.ts";
import type { Answer, RecordTypes, Resolver } from "../../src/dns/mod.ts";
import { systemClock } from "../../src/base/mod.ts";
import { tcpDialer } from "../../src/smtp/io/mod.ts";
import { newCa } from "../certificates.ts";

/** A small Internet on loopback: one Hopseal in the middle, and mail hosts of four domains behind it. */
export interface World {
  readonly folder: string;
  /** The one that the demo is about. */
  readonly hopseal: Daemon;
  readonly port: number;
  /** PEM of the CA that issued every certificate here. */
  readonly caFile: string;
  maildir(localPart: string, domain: string): string;
  close(): Promise<void>;
}

/** Starts everything; ports are chosen by the system. */
export async function openWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-demo-"));
  const ca = await newCa("Hopseal demo CA");
  const caFile = join(folder, "ca.pem");
  await writeFile(caFile, ca.pem);
  for (const name of ["mx.demo.example", "mx.rook.example", "mx.oak.example"]) {
    const issued = await ca.issue([name]);
    await writeFile(join(folder, `${name}.pem`), issued.chain);
    await writeFile(join(folder, `${name}.key`), issued.key, { mode: 0o600 });
  }
  for (const mailDomain of DOMAINS) {
    for (const part of ["cur", "new", "tmp"])
      await mkdir(join(folder, "mail", mailDomain, "bo", part), { recursive: true });
  }
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => await rm(folder, { recursive: true, force: true }));
  const begin = async (toml: string, seams?: Seams): Promise<Daemon> =>
    undo.adopt(await start(toml, folder, seams), async (daemon) => await daemon.stop());
  const withTls = await begin(recipientConfig(["rook.example", "oak.example"], true));
  const without = await begin(recipientConfig(["birch.example", "elm.example"], false));
  const ports = new Map<string, number>();
  for (const name of ["mx.rook.example", "mx.oak.example"]) ports.set(name, portOf(withTls));
  for (const name of ["mx.birch.example", "mx.elm.example"]) ports.set(name, portOf(without));
  await writeFile(join(folder, "demo.toml"), SENDER);
  const dialTcp = tcpDialer({ clock: systemClock });
  const hopseal = await begin(SENDER, {
    resolver: loopbackMx(),
    // Port 25 needs root; the hosts of this world answer on ports of their own.
    dial: async (target, signal) => await dialTcp({ ...target, port: ports.get(target.host) ?? target.port }, signal),
  });
  // From here on the world is the caller's to close; until here a failure leaves nothing running.
  const kept = undo.move();
  return {
    folder,
    hopseal,
    port: portOf(hopseal),
    caFile,
    maildir: (localPart, mailDomain) => join(folder, "mail", mailDomain, localPart),
    close: async () => await kept.disposeAsync(),
  };
}

async function start(toml: string, folder: string, seams: Seams = {}): Promise<Daemon> {
  const loaded = parseConfig(toml, join(folder, "hopseal.toml"));
  if (!loaded.ok) throw new Error(`The demo's own configuration is wrong: ${JSON.stringify(loaded.error.issues)}`);
  const started = await startDaemon(loaded.value.config, seams);
  if (!started.ok) throw new Error(started.error);
  return started.value;
}

function portOf(daemon: Daemon): number {
  const port = daemon.listeners[0]?.port;
  if (port === undefined) throw new Error("The daemon does not listen");
  return port;
}

/** Every domain has one MX, "mx." and its name, on 127.0.0.1. */
function loopbackMx(): Resolver {
  const records = (name: string, type: string): unknown[] => {
    if (type === "MX" && DOMAINS.includes(name)) return [{ preference: 10, exchange: `mx.${name}` }];
    return type === "A" && name.startsWith("mx.") ? ["127.0.0.1"] : [];
  };
  return {
    query: async (name, type) => {
      const found = records(name, type);
      const base = { name, chain: [], security: "insecure" } as const;
      const answer: Answer<unknown> =
        found.length > 0 ? { ...base, kind: "data", records: found } : { ...base, kind: "nodata" };
      return answer as Answer<RecordTypes[typeof type]>;
    },
  };
}

function recipientConfig(domains: readonly string[], tls: boolean): string {
  const [first = ""] = domains;
  return [
    `hostname = "mx.${first}"`,
    `data_dir = "data-${first}"`,
    `postmaster = "bo@${first}"`,
    `[[listen]]`,
    `address = "127.0.0.1:0"`,
    `tls = "${tls ? "starttls" : "none"}"`,
    ...(tls
      ? domains.flatMap((name) => [`[[certificate]]`, `chain = "mx.${name}.pem"`, `key = "mx.${name}.key"`])
      : []),
    ...domains.flatMap((name) => [
      `[[domain]]`,
      `name = "${name}"`,
      `recipients = "maildir"`,
      `[[route]]`,
      `recipients = ["${name}"]`,
      `deliver = { maildir = "mail/${name}/{localpart}" }`,
    ]),
  ].join("\n");
}

const DOMAINS: readonly string[] = ["rook.example", "oak.example", "birch.example", "elm.example"];

const SENDER = `
hostname = "mx.demo.example"
data_dir = "data-demo"
postmaster = "bo@rook.example"
[[listen]]
address = "127.0.0.1:0"
[[certificate]]
chain = "mx.demo.example.pem"
key = "mx.demo.example.key"
[relay]
networks = ["127.0.0.0/8"]
[outbound]
networks = ["127.0.0.0/8"]
roots = "ca.pem"
[[tls_policy]]
destination = "oak.example"
level = "secure"
mx = ["mx.oak.example"]
[[tls_policy]]
destination = "elm.example"
level = "secure"
mx = ["mx.elm.example"]
`;
