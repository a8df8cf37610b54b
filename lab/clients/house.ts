import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../src/base/mod.ts";
import { parseConfig } from "../../src/config/mod.ts";
import { type Daemon, startDaemon } from "../../src/daemon/mod.ts";
import { subscribe } from "../../src/observe/mod.ts";
import { type Authority, labAuthority } from "../world/authority.ts";
import { type LabClock, labClock } from "../world/clock.ts";
import { openMailHost } from "../world/mail_host.ts";
import { type CellRecorder, cellRecorder } from "../world/record.ts";
import { watchThreads } from "../world/threads.ts";
import { openFarHost } from "./far_host.ts";
import type { HouseSpec } from "./types.ts";

/** The real program with recipients and senders around it, and time in our hands. */
export interface House extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly clock: LabClock;
  /** In clear with STARTTLS, in TLS from the first octet, and the same for submission. */
  readonly ports: { readonly clear: number; readonly tls: number; readonly submissions: number };
  /** What recipients of "house.test" and "far.test" got. */
  readonly got: CellRecorder;
  /** Notices that came to senders. */
  readonly returned: CellRecorder;
  /** Bounds that the program told of, by name; a play takes them out. */
  takeTold(): readonly string[];
}

export async function openHouse(spec: HouseSpec, seed: number): Promise<House> {
  const clock = labClock();
  const { stir } = clock;
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "hopseal-lab-clients-"));
  // Files of content that was under way may go or come a moment after the program has stopped.
  undo.defer(async () => await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  const authority = await keysIn(folder);
  const [got, returned] = [cellRecorder(), cellRecorder()];
  const inner = { requireTls: false, stir } as const;
  const chain = authority.issue({}, { names: ["in.house.test"] });
  const home = undo.use(
    await openMailHost({ ...inner, name: "in.house.test", chain, recorder: "real.mx", record: got }),
  );
  const far = undo.use(await openFarHost(spec.far ?? "takes", got, stir));
  const senders = undo.use(await openMailHost({ ...inner, name: "in.client.test", recorder: "dsn", record: returned }));
  const loaded = parseConfig(configOf(spec, { home, far, senders }), join(folder, "house.toml"));
  if (!loaded.ok) throw new Error(`The house's configuration is wrong: ${JSON.stringify(loaded.error.issues)}`);
  let told: string[] = [];
  undo.use(
    subscribe("hopseal:limited", ({ limit }) => {
      stir();
      told.push(limit);
    }),
  );
  for (const name of ["hopseal:accepted", "hopseal:attempt"] as const) undo.use(subscribe(name, stir));
  undo.use(watchThreads(clock));
  const started = await startDaemon(loaded.value.config, { clock, random: seededRandom(seed) });
  if (!started.ok) throw new Error(started.error);
  const daemon = undo.adopt(started.value, async (one) => await one.stop());
  const [clear = 0, tls = 0, submissions = 0] = daemon.listeners.map(({ port }) => port);
  const kept = undo.move();
  return {
    daemon,
    clock,
    ports: { clear, tls, submissions },
    got,
    returned,
    takeTold() {
      const taken = told;
      told = [];
      return taken;
    },
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

/** Two tenants: what SNI does not ask for is "mx.house.test". */
async function keysIn(folder: string): Promise<Authority> {
  const authority = labAuthority();
  for (const name of TENANTS) {
    const { pem, key } = authority.issue({ commonName: name }, { names: [name] });
    await writeFile(join(folder, `${name}.pem`), pem);
    await writeFile(join(folder, `${name}.key`), key, { mode: 0o600 });
  }
  return authority;
}

interface Around {
  readonly home: { readonly port: number };
  readonly far: { readonly port: number };
  readonly senders: { readonly port: number };
}

/** An ordinary mail host; a table that the spec has is not set here. */
function configOf({ toml = "", top = "", domain = "" }: HouseSpec, { home, far, senders }: Around): string {
  const table = (name: string, text: string): string => (toml.includes(`[${name}]`) ? "" : `[${name}]\n${text}\n`);
  const route = (recipients: string, { port }: Around["home"]): string =>
    `[[route]]\nrecipients = ["${recipients}"]\ndeliver = { smtp = "127.0.0.1:${port}" }\n`;
  return `
hostname = "mx.house.test"
data_dir = "data"
postmaster = "bo@house.test"
workers = 1
${top}
[[listen]]
address = "127.0.0.1:0"
${PROXIES}
[[listen]]
address = "127.0.0.1:0"
tls = "implicit"
[[listen]]
address = "127.0.0.1:0"
role = "submissions"
${TENANTS.map((name) => `[[certificate]]\nchain = "${name}.pem"\nkey = "${name}.key"\n`).join("")}
[[domain]]
name = "house.test"
recipients = ["bo", "ann"]
${domain}
${route("house.test", home)}${route("far.test", far)}${route("*", senders)}
[dns]
dnssec = "off"
servers = ["127.0.0.1:1"]
${table("clients", "connections_per_client = 2000\nconnections_per_minute = 1000000")}
${table("retry", 'first = "12 h"\nwarn_after = "4 d"')}
${toml}`;
}

const TENANTS = ["mx.house.test", "mx.tenant.test"] as const;
/** Nobody whom the lab plays has this address. */
const PROXIES = 'proxy_from = ["192.0.2.1/32"]';
