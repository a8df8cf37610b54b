/**
 * Runs in namespaces of its own, where ports 25 and 53 are free and nothing leads outside: Postfix, Exim and Hopseal send
 * to each other by MX records of signed zones, with TLSA records right and wrong. Prints what came of each as JSON.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8 } from "../../../src/base/mod.ts";
import { spkiSha256 } from "../../../src/tls/mod.ts";
import { testCa, type TestCertificate } from "../../support/certificates.ts";
import { connectPlain, MAY, outgoing } from "../../support/client.ts";
import { buildWorld } from "../../support/dns-world.ts";
import { type RunningExim, startExim } from "../../support/exim.ts";
import { type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { type RunningPostfix, startPostfix } from "../../support/postfix.ts";

await using undo = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), "hopseal-dane-"));
undo.defer(async () => await rm(folder, { recursive: true, force: true }));
execFileSync("ip", ["link", "set", "lo", "up"]);
await writeFile(join(folder, "resolv.conf"), "nameserver 127.0.0.1\noptions edns0 trust-ad\n");
execFileSync("mount", ["--bind", join(folder, "resolv.conf"), "/etc/resolv.conf"]);

const ca = await testCa();
const MTAS = ["hopseal", "postfix", "exim"] as const;
type Mta = (typeof MTAS)[number];
const ADDRESS = { postfix: "127.0.0.1", hopseal: "127.0.1.1", exim: "127.0.1.3" } as const;
const CASES = ["ee", "ta", "wrong", "none", "unusable"] as const;

const certificates = new Map<Mta, TestCertificate>();
for (const mta of MTAS) certificates.set(mta, await ca.issue(CASES.map((one) => `${mta}-${one}.signed.example`)));

/** The TLSA record, if any, of one case. */
function record(mta: Mta, one: (typeof CASES)[number]): readonly string[] {
  const { der } = certificates.get(mta) as TestCertificate;
  const data = {
    ee: `3 1 1 ${Buffer.from(spkiSha256(der) as Uint8Array).toString("hex")}`,
    ta: `2 0 1 ${createHash("sha256").update(ca.der).digest("hex")}`,
    wrong: `3 1 1 ${"00".repeat(32)}`,
    unusable: `3 1 1 0011`,
    none: undefined,
  }[one];
  return data === undefined ? [] : [`_25._tcp.${mta}-${one} TLSA ${data}`];
}

const records = MTAS.flatMap((mta) =>
  CASES.flatMap((one) => [
    `to-${mta}-${one} MX 10 ${mta}-${one}`,
    `${mta}-${one} A ${ADDRESS[mta]}`,
    ...record(mta, one),
  ]),
);
const world = undo.use(
  await buildWorld([
    { name: "", server: "nsd", records: "", algorithms: [13] },
    { name: "example", server: "nsd", records: "", algorithms: [13] },
    { name: "signed.example", server: "nsd", records: records.join("\n"), algorithms: [13] },
  ]),
);
const recursor = undo.use(await world.recursor({ extra: "interface: 127.0.0.1@53" }));

const domainsOf = (mta: Mta): readonly string[] => CASES.map((one) => `to-${mta}-${one}.signed.example`);

async function house(): Promise<RunningHopseal> {
  const { chain, key } = certificates.get("hopseal") as TestCertificate;
  const domains = domainsOf("hopseal").map((name) => `[[domain]]\nname = "${name}"\nrecipients = "any"\n`);
  return await startHopseal({
    config: `
hostname = "hopseal.signed.example"
data_dir = "{folder}/data"
postmaster = "bo@signed.example"
[[listen]]
address = "127.0.1.1:25"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[certificate]]
chain = "mx.pem"
key = "mx.key"
[relay]
networks = ["127.0.0.1/32"]
${domains.join("")}
[[route]]
recipients = [${domainsOf("hopseal")
      .map((name) => `"${name}"`)
      .join(", ")}]
deliver = "discard"
[dns]
servers = ["127.0.0.1:${recursor.port}"]
trust_anchors = "anchors"
[policy]
mta_sts = "off"
`,
    files: { "mx.pem": chain, "mx.key": key, anchors: world.anchors },
  });
}

async function postfixFor(port: number, settings: Readonly<Record<string, string>>): Promise<RunningPostfix> {
  return await startPostfix({
    port,
    hostname: "postfix.signed.example",
    tls: certificates.get("postfix") as TestCertificate,
    settings: {
      smtp_host_lookup: "dns",
      smtp_dns_support_level: "dnssec",
      smtp_tls_security_level: "dane",
      ...settings,
    },
    mydestination: domainsOf("postfix"),
  });
}

const hopseal = undo.use(await house());
const postfix = undo.use(await postfixFor(25, {}));
const exim: RunningExim = undo.use(
  await startExim({
    hostname: "exim.signed.example",
    address: ADDRESS.exim,
    port: 25,
    tls: certificates.get("exim") as TestCertificate,
    local: domainsOf("exim"),
  }),
);

async function handIn(port: number, to: string): Promise<void> {
  const session = await connectPlain(port);
  if ("kind" in session) throw new Error(session.status.text);
  await session.send(
    outgoing({ content: utf8("Subject: x\r\n\r\nThe canary sings\r\n"), to: [to], from: "ada@signed.example" }),
    MAY,
  );
  await session.quit();
}

async function byHopseal(to: string): Promise<string> {
  await handIn(hopseal.ports[1] ?? 0, to);
  const line = await hopseal.waitFor((one) => one["event"] === "attempt" && one["to"] === to);
  return `${String(line["outcome"])} ${String(line["tls"])}`;
}

/** Postfix works in processes of its own: its log is read until it says what became of the recipient. */
async function byPostfix(to: string, host: string): Promise<string> {
  await handIn(postfix.port, to);
  for (let tries = 0; tries < 200; tries++) {
    const lines = (await postfix.log()).split("\n");
    const status = lines.find((line) => line.includes(`to=<${to}>`))?.match(/status=(\w+)/)?.[1];
    if (status !== undefined) {
      const tls = lines.find((line) => line.includes("TLS connection established to") && line.includes(`${host}[`));
      return `${status} ${/(\w+) TLS connection established/.exec(tls ?? "")?.[1] ?? "no TLS"}`;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error(`Postfix says nothing of ${to}:\n${await postfix.log()}`);
}

async function byExim(to: string): Promise<string> {
  const line = await exim.send("ada@signed.example", to);
  const word = line.includes("=> ") ? "sent" : line.includes("== ") ? "deferred" : "failed";
  return `${word} ${/CV=(\w+)/.exec(line)?.[1] ?? (line.includes(" X=TLS") ? "TLS" : "no TLS")}`;
}

const results: Record<string, string> = {};
for (const one of CASES) {
  const to = (mta: Mta): string => `bo@to-${mta}-${one}.signed.example`;
  results[`Hopseal to Postfix, ${one}`] = await byHopseal(to("postfix"));
  results[`Hopseal to Exim, ${one}`] = await byHopseal(to("exim"));
  results[`Postfix to Hopseal, ${one}`] = await byPostfix(to("hopseal"), `hopseal-${one}.signed.example`);
  results[`Exim to Hopseal, ${one}`] = await byExim(to("hopseal"));
}
// The wrong key had nothing; the others have what was sent to them, Hopseal by both of its neighbours.
const taken = (): number => hopseal.log.filter((line) => line["tls"] === "local:discard").length;
await hopseal.waitFor(() => taken() >= 8);
results["came to Postfix"] = String((await postfix.delivered(4)).length);
results["came to Exim"] = String((await exim.delivered(4)).length);
results["came to Hopseal"] = String(taken());
process.stdout.write(`${JSON.stringify(results)}\n`);
