import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8 } from "../../../src/base/mod.ts";
import { spkiSha256 } from "../../../src/tls/mod.ts";
import { testCa, type TestCa, type TestCertificate } from "../../support/certificates.ts";
import { connectPlain, MAY, outgoing } from "../../support/client.ts";
import { buildWorld, type World } from "../../support/dns-world.ts";
import type { RunningExim } from "../../support/exim.ts";
import { type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { pause } from "../../support/other-program.ts";
import { type RunningPostfix, startPostfix } from "../../support/postfix.ts";
import { startPolicyExim } from "./_exim.ts";

/**
 * To be run in namespaces of its own, where ports 25 and 53 are free and nothing leads outside: Postfix, Exim and Hopseal
 * send to each other by MX records of a signed zone, with TLSA records right and wrong. What came of each.
 */
export async function sendToEachOther(): Promise<Readonly<Record<string, string>>> {
  await using undo = new AsyncDisposableStack();
  undo.use(await ownResolver());
  const ca = await testCa();
  const shown: Shown = {
    hopseal: await ca.issue(hostsOf("hopseal")),
    postfix: await ca.issue(hostsOf("postfix")),
    exim: await ca.issue(hostsOf("exim")),
  };
  const world = undo.use(await zonesFor(shown, ca));
  const recursor = undo.use(await world.recursor({ extra: "interface: 127.0.0.1@53" }));
  const hopseal = undo.use(await startHouse(shown.hopseal, { port: recursor.port, anchors: world.anchors }));
  const postfix = undo.use(
    await startPostfix({
      port: 25,
      hostname: "postfix.signed.example",
      tls: shown.postfix,
      settings: { smtp_host_lookup: "dns", smtp_dns_support_level: "dnssec", smtp_tls_security_level: "dane" },
      mydestination: domainsOf("postfix"),
    }),
  );
  const exim = undo.use(
    await startPolicyExim({
      hostname: "exim.signed.example",
      address: ADDRESS.exim,
      port: 25,
      tls: shown.exim,
      local: domainsOf("exim"),
    }),
  );
  const results = new Map<string, string>();
  for (const one of CASES) {
    results.set(`Hopseal to Postfix, ${one}`, await byHopseal(hopseal, mailbox("postfix", one)));
    results.set(`Hopseal to Exim, ${one}`, await byHopseal(hopseal, mailbox("exim", one)));
    results.set(`Postfix to Hopseal, ${one}`, await byPostfix(postfix, mailbox("hopseal", one), `hopseal-${one}.`));
    results.set(`Exim to Hopseal, ${one}`, await byExim(exim, mailbox("hopseal", one)));
  }
  // The wrong key had nothing; the others have what was sent to them, Hopseal by both of its neighbours.
  const taken = (): number => hopseal.log.filter((line) => line["tls"] === "local:discard").length;
  await hopseal.waitFor(() => taken() >= 8);
  results.set("came to Postfix", String((await postfix.delivered(4)).length));
  results.set("came to Exim", String((await exim.delivered(4)).length));
  results.set("came to Hopseal", String(taken()));
  return Object.fromEntries(results);
}

type Mta = "hopseal" | "postfix" | "exim";
type Case = (typeof CASES)[number];
type Shown = Readonly<Record<Mta, TestCertificate>>;

/** The network's loopback is up, and the system asks the resolver at port 53 and believes its AD bit. */
async function ownResolver(): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-dane-"));
  execFileSync("ip", ["link", "set", "lo", "up"]);
  await writeFile(join(folder, "resolv.conf"), "nameserver 127.0.0.1\noptions edns0 trust-ad\n");
  execFileSync("mount", ["--bind", join(folder, "resolv.conf"), "/etc/resolv.conf"]);
  return { [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }) };
}

async function zonesFor(shown: Shown, ca: TestCa): Promise<World> {
  const records = (["hopseal", "postfix", "exim"] as const).flatMap((mta) =>
    CASES.flatMap((one) => {
      const data = tlsaOf(shown[mta], ca)[one];
      const host = `${mta}-${one}`;
      const tlsa = data === undefined ? [] : [`_25._tcp.${host} TLSA ${data}`];
      return [`to-${host} MX 10 ${host}`, `${host} A ${ADDRESS[mta]}`, ...tlsa];
    }),
  );
  return await buildWorld([
    { name: "", server: "nsd", records: "", algorithms: [13] },
    { name: "example", server: "nsd", records: "", algorithms: [13] },
    { name: "signed.example", server: "nsd", records: records.join("\n"), algorithms: [13] },
  ]);
}

function tlsaOf({ der }: TestCertificate, ca: TestCa): Readonly<Record<Case, string | undefined>> {
  return {
    ee: `3 1 1 ${Buffer.from(spkiSha256(der) as Uint8Array).toString("hex")}`,
    ta: `2 0 1 ${createHash("sha256").update(ca.der).digest("hex")}`,
    wrong: `3 1 1 ${"00".repeat(32)}`,
    unusable: "3 1 1 0011",
    none: undefined,
  };
}

async function startHouse(
  { chain, key }: TestCertificate,
  dns: { readonly port: number; readonly anchors: string },
): Promise<RunningHopseal> {
  const domains = domainsOf("hopseal");
  return await startHopseal({
    config: `
hostname = "hopseal.signed.example"
data_dir = "{folder}/data"
postmaster = "bo@signed.example"
[[listen]]
address = "${ADDRESS.hopseal}:25"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[certificate]]
chain = "mx.pem"
key = "mx.key"
[relay]
networks = ["127.0.0.1/32"]
${domains.map((name) => `[[domain]]\nname = "${name}"\nrecipients = "any"\n`).join("")}
[[route]]
recipients = ${JSON.stringify(domains)}
deliver = "discard"
[outbound]
networks = ["127.0.0.0/8"]
[dns]
servers = ["127.0.0.1:${dns.port}"]
trust_anchors = "anchors"
[policy]
mta_sts = "off"
`,
    files: { "mx.pem": chain, "mx.key": key, anchors: dns.anchors },
  });
}

async function byHopseal(hopseal: RunningHopseal, to: string): Promise<string> {
  await handIn(hopseal.ports[1] ?? 0, to);
  const line = await hopseal.waitFor((one) => one["event"] === "attempt" && one["to"] === to);
  return `${String(line["outcome"])} ${String(line["tls"])}`;
}

/** Postfix works in processes of its own: its log is read until it says what became of the recipient. */
async function byPostfix(postfix: RunningPostfix, to: string, host: string): Promise<string> {
  await handIn(postfix.port, to);
  for (let tries = 0; tries < 1200; tries++) {
    const lines = (await postfix.log()).split("\n");
    const status = /status=(\w+)/.exec(lines.find((line) => line.includes(`to=<${to}>`)) ?? "")?.[1];
    if (status !== undefined) {
      const tls = lines.find((line) => line.includes(`TLS connection established to ${host}`));
      return `${status} ${/(\w+) TLS connection established/.exec(tls ?? "")?.[1] ?? "no TLS"}`;
    }
    await pause();
  }
  throw new Error(`Postfix says nothing of ${to}:\n${await postfix.log()}`);
}

async function byExim(exim: RunningExim, to: string): Promise<string> {
  const line = await exim.send("ada@signed.example", to);
  const word = line.includes("=> ") ? "sent" : line.includes("== ") ? "deferred" : "failed";
  return `${word} ${/CV=(\w+)/.exec(line)?.[1] ?? "no TLS"}`;
}

async function handIn(port: number, to: string): Promise<void> {
  const session = await connectPlain(port);
  if ("kind" in session) throw new Error(session.status.text);
  const content = utf8("Subject: x\r\n\r\nThe canary sings\r\n");
  await session.send(outgoing({ content, to: [to], from: "ada@signed.example" }), MAY);
  await session.quit();
}

function hostsOf(mta: Mta): readonly string[] {
  return CASES.map((one) => `${mta}-${one}.signed.example`);
}

function domainsOf(mta: Mta): readonly string[] {
  return hostsOf(mta).map((host) => `to-${host}`);
}

function mailbox(mta: Mta, one: Case): string {
  return `bo@to-${mta}-${one}.signed.example`;
}

/** What TLSA says of each host. */
const CASES = ["ee", "ta", "wrong", "none", "unusable"] as const;
const ADDRESS = { postfix: "127.0.0.1", hopseal: "127.0.1.1", exim: "127.0.1.3" } as const;
