import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { utf8 } from "../../../src/base/mod.ts";
import { askDaemon } from "../../../src/daemon/control_client.ts";
import { parseSeenKey } from "../../../src/tlsrpt/mod.ts";
import { connectPlain, MAY, outgoing } from "../../support/client.ts";
import { buildWorld, type World } from "../../support/dns-world.ts";
import { type HopsealOptions, type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { type RunningPostfix, startPostfix } from "../../support/postfix.ts";
import { type Placed, placeAll } from "./_place.ts";
import { ANYBODY, BLIND, SERVICE } from "./_scenes.ts";

/** What became of a message, and the label of the host that has it. */
export type Fate = readonly [fate: string, at: string];

/** What became of a destination: what was answered about it, and where mail went from each of the two. */
export interface Seen {
  readonly answer: string;
  readonly row: string;
  readonly postfix: Fate;
  readonly own: Fate;
}

export interface Report {
  readonly seen: Readonly<Record<string, Seen>>;
  readonly pins: Readonly<Record<string, string>>;
  /** A Postfix that validates nothing, by destination. */
  readonly blind: Readonly<Record<string, Fate>>;
  /** A Postfix whose Hopseal is gone. */
  readonly alone: Fate;
  /** What is remembered of our own sessions, by destination. */
  readonly showed: Readonly<Record<string, string>>;
  readonly counts: { readonly requests: number; readonly hits: number; readonly failures: number };
}

/**
 * Run in a network namespace of its own, where the ports 25 and 53 and all of 127.0.0.0/8 are free and nobody else is: a
 * signed DNS, mail hosts, a Hopseal, and a Postfix that asks it. Both send one message to each destination. Prints a
 * `Report` as JSON.
 */
await using undo = new AsyncDisposableStack();
const placed = await placeAll(undo);
const world = undo.use(await buildWorld(placed.zones));
undo.use(await world.recursor({ extra: "interface: 127.0.0.1@53" }));
const hopseal = undo.use(await startHopseal(configuration(placed, world)));
const postfix = undo.use(await startPostfix({ settings: settings(hopseal) }));
const report: Omit<Report, "alone"> = {
  pins: Object.fromEntries(placed.pins),
  seen: await observe(),
  counts: (await ask<{ policyService: Report["counts"] }>("status")).policyService,
  showed: await showed(),
  blind: await observeBlind(),
};
await hopseal.stop();
await send(postfix.port, "alone", [ANYBODY]);
const alone = await fateOf(postfix, ANYBODY, "alone");
process.stdout.write(`${JSON.stringify({ ...report, alone } satisfies Report)}\n`);

async function observe(): Promise<Report["seen"]> {
  const { destinations } = placed;
  await Promise.all([send(postfix.port, "postfix", destinations), send(hopseal.ports[0] ?? 0, "own", destinations)]);
  const fates = await postfixFates(postfix, placed.destinations, "postfix");
  const seen = await Promise.all(
    placed.destinations.map(async (name): Promise<readonly [string, Seen]> => {
      const attempt = await hopseal.waitFor((line) => line["event"] === "attempt" && line["to"] === `bo@${name}`);
      const told = await hopseal.waitFor((line) => line["event"] === "looked-up" && line["nextHop"] === name);
      return [
        name,
        {
          answer: await postmap(name),
          row: String(told["row"]),
          postfix: given(name, "postfix", fates.get(name) === "sent"),
          own: given(name, "own", attempt["outcome"] === "delivered"),
        },
      ];
    }),
  );
  return Object.fromEntries(seen);
}

/** What DANE comes to where Postfix is not told to ask for signed answers. */
async function observeBlind(): Promise<Report["blind"]> {
  const more = { smtp_dns_support_level: "enabled", smtp_tls_security_level: "may" };
  await using blind = await startPostfix({ settings: { ...settings(hopseal), ...more } });
  await send(blind.port, "blind", BLIND);
  const fates: [string, Fate][] = [];
  for (const name of BLIND) fates.push([name, await fateOf(blind, name, "blind")]);
  return Object.fromEntries(fates);
}

async function fateOf(running: RunningPostfix, name: string, who: string): Promise<Fate> {
  const fates = await postfixFates(running, [name], who);
  return given(name, who, fates.get(name) === "sent");
}

async function send(port: number, who: string, names: readonly string[]): Promise<void> {
  const session = await connectPlain(port);
  assert.ok(!("kind" in session));
  for (const name of names) {
    const letter = { content: utf8("Subject: x\r\n\r\nx\r\n"), to: [`bo@${name}`], from: `${who}@rook.example` };
    const sent = await session.send(outgoing(letter), MAY);
    assert.ok(!("kind" in sent) && sent.recipients.every(({ code }) => code === 250), JSON.stringify(sent));
  }
  await session.quit();
}

/** Another program's log can only be polled. */
async function postfixFates(
  running: RunningPostfix,
  names: readonly string[],
  who: string,
): Promise<ReadonlyMap<string, string>> {
  const fates = new Map<string, string>();
  for (let tries = 0; tries < 600 && fates.size < names.length; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const lines = (await running.log()).split("\n");
    // The queue manager names the sender, and the client of SMTP the end.
    const ids = lines.flatMap((line) => (line.includes(`from=<${who}@`) ? [/\]: (\w+):/.exec(line)?.[1]] : []));
    for (const line of lines) {
      if (!ids.includes(/\]: (\w+):/.exec(line)?.[1])) continue;
      const name = /to=<bo@([^>]+)>/.exec(line)?.[1];
      const status = /status=(\w+)/.exec(line)?.[1];
      if (name !== undefined && status !== undefined) fates.set(name, status);
    }
  }
  if (fates.size < names.length) throw new Error(await running.log());
  return fates;
}

/** Where the message of `who` is; a program that says it was taken, and a host that has none, do not go together. */
function given(name: string, who: string, said: boolean): Fate {
  for (const [host, { given: messages }] of placed.hosts) {
    const found = messages.find(({ from }) => from === `${who}@rook.example`);
    if (host.endsWith(`.${name}`) && found !== undefined) {
      assert.ok(said, `${who} does not know that ${name} has its mail`);
      return [found.channel, host.slice(0, host.indexOf("."))];
    }
  }
  assert.ok(!said, `${who} takes mail to ${name} for delivered`);
  return ["waits", ""];
}

async function postmap(key: string): Promise<string> {
  const words = ["-c", join(postfix.directory, "etc"), "-q", key, `socketmap:inet:${SERVICE}:policy`];
  const run = await promisify(execFile)("postmap", words).catch((error: { stderr?: string }) => error);
  const out = "stdout" in run && typeof run.stdout === "string" ? run.stdout.trim() : "";
  if (out !== "") return `OK ${out}`;
  return String(run.stderr).includes("error: ") ? "TEMP" : "NOTFOUND";
}

async function showed(): Promise<Report["showed"]> {
  const { tallies } = await ask<{ tallies: { key: string }[] }>("tallies");
  const seen = tallies.flatMap(({ key }) => parseSeenKey(key) ?? []);
  return Object.fromEntries(seen.map(({ domain, showed: what }) => [domain, what]));
}

async function ask<T>(path: string): Promise<T> {
  const answer = await askDaemon(join(hopseal.folder, "data", "control.sock"), { method: "GET", path });
  assert.ok(answer.ok);
  return answer.value as T;
}

function configuration({ ca, web, local, list }: Placed, { anchors }: Pick<World, "anchors">): HopsealOptions {
  const config = `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "postmaster@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[relay]
networks = ["127.0.0.0/8"]
[outbound]
networks = ["127.0.0.0/8"]
roots = "ca.pem"
[dns]
servers = ["127.0.0.1:53"]
trust_anchors = "anchors"
self_test = { secure = "signed.example", bogus = "broken.example" }
[policy]
mta_sts_roots = "ca.pem"
mta_sts_networks = ["127.0.0.0/8"]
mta_sts_port = ${web.port}
[policy_service]
address = "${SERVICE}"
[[policy_list]]
name = "test"
file = "list.json"
${local}
`;
  return { config, files: { "ca.pem": ca.pem, anchors, "list.json": list } };
}

/** As docs/postfix.md has it. */
function settings({ folder }: Pick<RunningHopseal, "folder">): Record<string, string> {
  return {
    smtp_host_lookup: "dns",
    smtp_dns_support_level: "dnssec",
    smtp_tls_security_level: "dane",
    smtp_tls_policy_maps: `socketmap:inet:${SERVICE}:policy`,
    smtp_tls_CAfile: join(folder, "ca.pem"),
    smtp_tls_fingerprint_digest: "sha256",
  };
}
