import assert from "node:assert/strict";
import { spkiSha256 } from "../../../src/tls/mod.ts";
import { type TestCa, testCa, type TestCertificate } from "../../support/certificates.ts";
import { change, flipLast } from "../../support/dns-faults.ts";
import type { ZonePlan } from "../../support/dns-world.ts";
import { type PolicyHost, policyHost } from "../../support/policy-host.ts";
import { type Host, startHost } from "./_host.ts";
import { POLICIES, type Policy, SITUATIONS, type Situation } from "./_scenes.ts";

/** Where all destinations are, and what they publish. */
export interface Placed {
  readonly ca: TestCa;
  readonly web: PolicyHost;
  readonly zones: readonly ZonePlan[];
  /** Mail hosts by name. */
  readonly hosts: ReadonlyMap<string, Host>;
  /** Keys of hosts that are pinned, by destination, as SHA-256 in hexadecimal. */
  readonly pins: ReadonlyMap<string, string>;
  /** `[[tls_policy]]`, and a policy list. */
  readonly local: string;
  readonly list: string;
  readonly destinations: readonly string[];
}

interface Work {
  readonly undo: AsyncDisposableStack;
  readonly ca: TestCa;
  readonly stranger: TestCa;
  readonly web: PolicyHost;
  readonly records: Readonly<Record<Policy["zone"], string[]>>;
  readonly hosts: Map<string, Host>;
  readonly pins: Map<string, string>;
  readonly local: string[];
  readonly listed: Map<string, unknown>;
  readonly destinations: string[];
}

export async function placeAll(undo: AsyncDisposableStack): Promise<Placed> {
  const work: Work = {
    undo,
    ca: await testCa(),
    stranger: await testCa("A stranger"),
    web: undo.use(await policyHost({ address: "127.0.2.1" })),
    records: { signed: [], plain: [], forged: [] },
    hosts: new Map(),
    pins: new Map(),
    local: [],
    listed: new Map(),
    destinations: [],
  };
  for (const policy of POLICIES) for (const situation of SITUATIONS) await place(work, policy, situation);
  await placeSpecial(work);
  return { ...work, zones: zonesOf(work), local: work.local.join("\n"), list: listOf(work) };
}

async function place(work: Work, policy: Policy, situation: Situation): Promise<void> {
  const label = `${policy.name}-${situation}`;
  const name = `${label}.${policy.zone}.example`;
  const host = `mx.${name}`;
  const own = await work.ca.issue([host]);
  const shown = await shownBy(work, situation, { host, own });
  await addHost(work, `mx.${label}`, { zone: policy.zone, ...(shown === undefined ? {} : { shown }) });
  const records = work.records[policy.zone];
  records.push(`${label} MX 10 mx.${label}`);
  if (policy.tlsa !== undefined)
    records.push(`_25._tcp.mx.${label} TLSA ${policy.tlsa === "good" ? "3 1 1" : "0 0 1"} ${pinOf(own)}`);
  if (policy.sts !== undefined)
    await publish(work, { label, zone: policy.zone, mode: policy.sts, mx: policy.wild === true ? `*.${name}` : host });
  if (policy.listed === true) work.listed.set(name, { mode: "enforce", mxs: [host] });
  if (policy.local !== undefined) {
    work.local.push(
      `[[tls_policy]]\ndestination = "${name}"\n${policy.local.replace("HOST", host).replace("PIN", pinOf(own))}`,
    );
  }
  work.pins.set(name, pinOf(own));
  work.destinations.push(name);
}

async function shownBy(
  { ca, stranger }: Work,
  situation: Situation,
  { host, own }: { readonly host: string; readonly own: TestCertificate },
): Promise<TestCertificate | undefined> {
  if (situation === "honest") return own;
  if (situation === "self-signed") return await stranger.issue([host]);
  return situation === "wrong-name" ? await ca.issue(["evil.example"]) : undefined;
}

async function addHost(
  { hosts, records, undo }: Work,
  label: string,
  {
    zone,
    shown,
    down = false,
  }: { readonly zone: Policy["zone"]; readonly shown?: TestCertificate; readonly down?: boolean },
): Promise<void> {
  const address = `127.0.1.${records.signed.length + records.plain.length + records.forged.length + 1}`;
  records[zone].push(`${label} A ${address}`);
  if (down) return;
  const host = await startHost({ address, ...(shown === undefined ? {} : { certificate: shown }) });
  undo.use(host);
  hosts.set(`${label}.${zone}.example`, host);
}

interface Publishing {
  readonly label: string;
  readonly zone: Policy["zone"];
  readonly mode: "enforce" | "testing";
  readonly mx: string;
}

async function publish({ ca, web, records }: Work, { label, zone, mode, mx }: Publishing): Promise<void> {
  const text = `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: 86400\n`;
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n`;
  const host = `mta-sts.${label}.${zone}.example`;
  web.behave(host, { certificate: await ca.issue([host]), answer: head + text });
  records[zone].push(`_mta-sts.${label} TXT "v=STSv1; id=1;"`, `mta-sts.${label} A 127.0.2.1`);
}

/** Destinations with two hosts, "first" and "second". */
async function placeSpecial(work: Work): Promise<void> {
  const { records, ca } = work;
  const two = async (
    label: string,
    zone: Policy["zone"],
    more: { readonly first?: TestCertificate; readonly second?: TestCertificate; readonly down?: boolean },
  ): Promise<void> => {
    records[zone].push(`${label} MX 10 first.${label}`, `${label} MX 20 second.${label}`);
    const { first, second, down = false } = more;
    await addHost(work, `first.${label}`, { zone, down, ...(first === undefined ? {} : { shown: first }) });
    await addHost(work, `second.${label}`, { zone, ...(second === undefined ? {} : { shown: second }) });
    work.destinations.push(`${label}.${zone}.example`);
  };
  const named = async (name: string): Promise<TestCertificate> => await ca.issue([name]);
  await two("some-dane", "signed", { second: await named("second.some-dane.signed.example") });
  const key = pinOf(await named("first.some-dane.signed.example"));
  records.signed.push(`_25._tcp.first.some-dane TLSA 3 1 1 ${key}`);
  const other = await named("second.sts-other-mx.plain.example");
  await two("sts-other-mx", "plain", { first: other, second: other });
  await publish(work, { label: "sts-other-mx", zone: "plain", mode: "enforce", mx: "mx.sts-other-mx.plain.example" });
  await two("sts-borrowed", "plain", { down: true, second: await named("first.sts-borrowed.plain.example") });
  await publish(work, {
    label: "sts-borrowed",
    zone: "plain",
    mode: "enforce",
    mx: "first.sts-borrowed.plain.example",
  });
}

function zonesOf({ records }: Work): readonly ZonePlan[] {
  const zone = (name: string, lines: readonly string[], more: Partial<ZonePlan> = {}): ZonePlan => {
    return { name, server: "nsd", records: ["@ A 127.0.0.1", ...lines].join("\n"), algorithms: [13], ...more };
  };
  return [
    zone("", []),
    zone("example", []),
    zone("signed.example", records.signed),
    zone("plain.example", records.plain, { algorithms: [] }),
    zone("forged.example", records.forged, {
      spoil: (signed) => change(signed, { type: "RRSIG", covers: "TLSA" }, flipLast),
    }),
    zone("broken.example", [], { spoil: (signed) => change(signed, { type: "RRSIG" }, flipLast) }),
  ];
}

function listOf({ listed }: Work): string {
  return JSON.stringify({
    timestamp: new Date(Date.now() - 60_000).toISOString(),
    expires: new Date(Date.now() + 86_400_000).toISOString(),
    version: "0.1",
    author: "Test",
    "policy-aliases": {},
    policies: Object.fromEntries(listed),
  });
}

function pinOf({ der }: TestCertificate): string {
  const digest = spkiSha256(der);
  assert.ok(digest !== undefined);
  return Buffer.from(digest).toString("hex");
}
