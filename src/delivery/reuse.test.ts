import assert from "node:assert/strict";
import { test } from "node:test";
import { domain, NO_DEMAND, type TlsDemand } from "../mail/mod.ts";
import { type DaneFacts, decide, namePattern, type NextHost, type Proceed, type TlsFacts } from "../policy/mod.ts";
import type { Target } from "../smtp/client/mod.ts";
import { reuseKey } from "./reuse.ts";

const TARGET: Target = { host: "mx.isp.example", address: "192.0.2.1", port: 25, mode: "starttls" };
const HOST: NextHost = {
  name: "mx.isp.example",
  literal: false,
  port: 25,
  mode: "starttls",
  learnt: "mx",
  mxSecurity: "secure",
};

function decision(facts: Partial<TlsFacts>, demand: TlsDemand = NO_DEMAND): Proceed {
  const made = decide({ destination: "pine.example", host: HOST, now: 0, ...facts }, demand);
  assert.ok(made.kind === "proceed");
  return made;
}

const sts = {
  kind: "policy",
  mode: "enforce",
  mx: [namePattern(domain("mx.isp.example"))],
  id: "1",
  lines: [],
  expires: 1e15,
} as const;
const tlsa = (octet: number): DaneFacts => ({
  kind: "usable",
  base: domain("mx.isp.example"),
  records: [{ usage: 3, selector: 1, matching: 1, data: new Uint8Array(32).fill(octet) }],
  names: [domain("mx.isp.example")],
  mx: "secure",
});

/** Every pair of these must be kept apart. */
const APART: readonly (readonly [string, Target, Proceed])[] = [
  ["plain", TARGET, decision({})],
  ["another address", { ...TARGET, address: "192.0.2.2" }, decision({})],
  ["another name", { ...TARGET, host: "mx.oak.example" }, decision({})],
  ["another port", { ...TARGET, port: 26 }, decision({})],
  ["implicit TLS", { ...TARGET, mode: "implicit" }, decision({})],
  ["LMTP", { ...TARGET, protocol: "lmtp" }, decision({})],
  ["a socket", { ...TARGET, path: "/run/lmtp" }, decision({})],
  ["a login", { ...TARGET, credentials: { user: "ada", password: async () => "" } }, decision({})],
  ["another login", { ...TARGET, credentials: { user: "bo", password: async () => "" } }, decision({})],
  ["local floor", TARGET, decision({ local: { destination: "pine.example", level: "encrypt" } })],
  ["its floor elsewhere", TARGET, decision({ local: { destination: "oak.example", level: "encrypt" } })],
  ["authenticated", TARGET, decision({ local: { destination: "pine.example", level: "secure" } })],
  ["MTA-STS", TARGET, decision({ sts })],
  ["MTA-STS elsewhere", TARGET, decision({ destination: "oak.example", sts })],
  ["MTA-STS tested", TARGET, decision({ sts: { ...sts, mode: "testing" } })],
  ["DANE", TARGET, decision({ dane: tlsa(1) })],
  ["other keys by DANE", TARGET, decision({ dane: tlsa(2) })],
  ["REQUIRETLS", TARGET, decision({}, { level: "secure", propagate: true, because: [] })],
  ["no name", TARGET, { ...decision({}), sni: null }],
];

test("reuseKey: what differs in host, address, login, name or any policy never shares a connection (design law 3)", () => {
  const keys = APART.map(([name, target, made]) => [name, reuseKey(target, made)] as const);
  for (const [name, key] of keys) {
    assert.deepEqual(
      keys.filter(([, other]) => other === key).map(([other]) => other),
      [name],
    );
  }
});

test("reuseKey: messages that ask for the same of the same host share one; the reasons do not matter", () => {
  const { because: _because, ...rest } = decision({});
  assert.equal(reuseKey({ ...TARGET }, { ...rest, because: [] }), reuseKey(TARGET, decision({})));
  assert.equal(reuseKey(TARGET, decision({ destination: "oak.example" })), reuseKey(TARGET, decision({})));
  assert.equal(reuseKey({ ...TARGET, protocol: "smtp" }, decision({ sts })), reuseKey(TARGET, decision({ sts })));
});
