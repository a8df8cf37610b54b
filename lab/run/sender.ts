import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, seededRandom } from "../../src/base/mod.ts";
import { parseConfig } from "../../src/config/mod.ts";
import { type Daemon, startDaemon } from "../../src/daemon/mod.ts";
import { domain } from "../../src/mail/mod.ts";
import { openStsStore } from "../../src/policy/io/mod.ts";
import { restorePolicy } from "../../src/policy/mod.ts";
import type { ListSpec } from "../types.ts";
import type { Cell } from "../world/cell.ts";
import { mxOf, storedText } from "../world/cell_zones.ts";
import { LAB_START } from "../world/clock.ts";
import { TOP } from "../world/dns_tree.ts";
import { LAB_NETWORK } from "../world/names.ts";
import { SENDER_DOMAIN, SENDER_HOST, type World } from "../world/world.ts";
import { writeLists } from "./lists.ts";
import { HOUSE_DOMAIN } from "./message.ts";

/** The real program, told what to demand of each victim by its own configuration; it knows nothing of the lab. */
export interface Sender extends AsyncDisposable {
  readonly daemon: Daemon;
  /** Where it takes mail. */
  readonly port: number;
  /** Puts another list where that of the cell comes from. */
  offer(cell: Cell, list: ListSpec): Promise<void>;
  /** Domains whose MTA-STS policies it keeps, from every file in its folder. */
  policies(): Promise<readonly string[]>;
  /** As after it was killed: it starts with what lies on its disk at this moment. */
  startAgain(): Promise<void>;
}

export interface SenderOptions {
  readonly world: World;
  /** Its own, which may be wrong. */
  readonly clock: Clock;
  readonly cells: readonly Cell[];
  readonly seed: number;
}

/** Starts it with time, dialling and randomness put in place; all else is real. */
export async function startSender(options: SenderOptions): Promise<Sender> {
  const { world, clock, seed } = options;
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "hopseal-lab-"));
  undo.defer(async () => await rm(folder, { recursive: true, force: true }));
  await writeFiles(folder, options);
  const lists = await writeLists(folder, options);
  await storePolicies(folder, options);
  const loaded = parseConfig(configOf(options, lists.config), join(folder, "lab.toml"));
  if (!loaded.ok) throw new Error(`The lab's configuration is wrong: ${JSON.stringify(loaded.error.issues)}`);
  let starts = 0;
  const start = async (): Promise<Daemon> => {
    const random = seededRandom(seed + starts++);
    const started = await startDaemon(loaded.value.config, { clock, random, dial: world.dial });
    if (!started.ok) throw new Error(started.error);
    return started.value;
  };
  let daemon = await start();
  undo.defer(async () => await daemon.stop());
  const kept = undo.move();
  return {
    offer: async (cell, list) => await lists.offer(cell, list),
    get daemon() {
      return daemon;
    },
    get port() {
      return daemon.listeners[0]?.port ?? 0;
    },
    policies: async () => await policiesIn(folder),
    async startAgain() {
      const [data, left] = [join(folder, "data"), join(folder, "left")];
      // Whatever it still does when it stops is done to what nobody sees again.
      await cp(data, left, { recursive: true, filter: async (path) => !(await lstat(path)).isSocket() });
      await daemon.stop();
      await rm(data, { recursive: true });
      await rename(left, data);
      daemon = await start();
    },
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

async function writeFiles(folder: string, { world }: SenderOptions): Promise<void> {
  await writeFile(join(folder, "ca.pem"), world.authority.pem);
  await writeFile(join(folder, "own.pem"), world.own.pem);
  await writeFile(join(folder, "own.key"), world.own.key, { mode: 0o600 });
  await writeFile(join(folder, "anchors"), world.anchors);
}

/** P5c: the sender has met the policy before. */
async function storePolicies(folder: string, { clock, cells }: SenderOptions): Promise<void> {
  const directory = join(folder, "data", "mta-sts");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const onFault = (text: string): never => {
    throw new Error(text);
  };
  const store = await openStsStore({ directory, clock, onFault });
  for (const { plan, names } of cells) {
    if (plan.base !== "P5c") continue;
    const policy = restorePolicy({ id: "1", text: storedText(plan, names), fetchedAt: clock.now() - HOUR });
    const about = names.spell(plan.attack.world?.sts?.storedFor ?? "T");
    if (policy === undefined) throw new Error(`No policy for ${about}`);
    await store.save({ domain: domain(about), policy });
  }
}

/** Wherever they lie; one outside of its place has the place with it. */
async function policiesIn(folder: string): Promise<readonly string[]> {
  const place = join(folder, "data", "mta-sts");
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.includes(".json")) continue;
    const text = await readFile(join(entry.parentPath, entry.name), "utf8");
    if (!text.includes('"fetchedAt"')) continue;
    const kept = JSON.parse(text) as { readonly domain?: string };
    if (kept.domain !== undefined)
      found.push(entry.parentPath === place ? kept.domain : `${entry.name}: ${kept.domain}`);
  }
  return found.sort();
}

function configOf({ world, cells }: SenderOptions, lists: string): string {
  return `
hostname = "${SENDER_HOST}"
data_dir = "data"
postmaster = "postmaster@${SENDER_DOMAIN}"
workers = 1
[[listen]]
address = "127.0.0.1:0"
[[certificate]]
chain = "own.pem"
key = "own.key"
[relay]
networks = ["127.0.0.1/32"]
[dns]
servers = ["127.0.0.1:${world.dnsPort}"]
trust_anchors = "anchors"
self_test = { secure = "secure.${TOP}", bogus = "bogus.${TOP}" }
[outbound]
networks = ["${LAB_NETWORK}"]
roots = "ca.pem"
concurrency = 400
[retry]
first = "12 h"
warn_after = "4 d"
[policy]
mta_sts_roots = "ca.pem"
mta_sts_port = ${world.httpsPort}
mta_sts_networks = ["127.0.0.1/32"]
${lists}
${houseOf(cells)}
${cells.map(routeOf).join("")}
${cells.map(localPolicy).join("")}`;
}

function routeOf({ plan, names: { spell } }: Cell): string {
  const { relay, message } = plan.attack;
  if (relay === undefined) return "";
  const recipients = `["${spell(message?.domain ?? "T")}"]`;
  return `[[route]]\nrecipients = ${recipients}\ndeliver = { smtp = "${spell(relay)}:25" }\n`;
}

function localPolicy({ plan, names }: Cell): string {
  const { ruleWithoutHosts = false, exceptionUntil } = plan.attack;
  const head = `[[tls_policy]]\ndestination = "${names.domains.T}"\n`;
  const mx = mxOf(plan.attack.world ?? {})
    .map((name) => `"${names.spell(name)}"`)
    .join(", ");
  if (exceptionUntil !== undefined) {
    const day = new Date(LAB_START + exceptionUntil).toISOString().slice(0, 10);
    return `${head}level = "may"\noverride = true\nuntil = ${day}\n`;
  }
  if (plan.base === "P2") return `${head}level = "encrypt"\n`;
  if (plan.base === "P3") {
    return `${head}level = "secure"\n${ruleWithoutHosts ? "" : `mx = [${mx}]\n`}by = ["webpki"]\n`;
  }
  return "";
}

/** A domain whose aliases lead to the victims of the cells that ask for one. */
function houseOf(cells: readonly Cell[]): string {
  const aliased = cells.filter(({ plan }) => plan.attack.message?.by !== undefined);
  if (aliased.length === 0) return "";
  const aliases = aliased.map(
    ({ names: { slug, domains } }) => `${slug} = "bo@${domains.T}", x-${slug} = "${slug}@${HOUSE_DOMAIN}"`,
  );
  return `[[domain]]\nname = "${HOUSE_DOMAIN}"\nrecipients = ["ann"]\naliases = { ${aliases.join(", ")} }\n`;
}

const HOUR = 3_600_000;
