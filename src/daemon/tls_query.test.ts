import assert from "node:assert/strict";
import { test } from "node:test";
import { NULL_REVERSE_PATH, parseMailbox } from "../mail/mod.ts";
import type { LocalMessage } from "../submission/mod.ts";
import { localMessageOf, localMessageQuery } from "./control_json.ts";

const pat = parseMailbox("pat@pine.example");
const content = new Uint8Array(0);

function message(wishes: Pick<LocalMessage, "demand" | "tls">): LocalMessage {
  assert.ok(pat.ok);
  return { from: NULL_REVERSE_PATH, to: [pat.value], dsn: {}, content, ...wishes };
}

test("localMessageQuery: wishes about TLS travel whole over the control socket (RFC 8689 §4.3)", () => {
  const table: Pick<LocalMessage, "demand" | "tls">[] = [
    { demand: "may", tls: {} },
    { demand: "may", tls: { optional: true } },
    { demand: "encrypt", tls: {} },
    { demand: "secure", tls: { by: ["dane"] } },
    { demand: "secure", tls: { by: ["dane", "webpki"], mxAuthentic: "dnssec" } },
    { demand: "secure", tls: { requireTls: true, mxAuthentic: "dnssec-or-sts" } },
  ];
  for (const wishes of table) {
    const given = message(wishes);
    assert.deepEqual(localMessageOf(localMessageQuery(given), content), { ok: true, value: given });
  }
});

test("localMessageOf: wishes that mean nothing, or contradict each other, are refused", () => {
  for (const words of [
    "tls=strong",
    "tls=secure&by=pin",
    "tls=secure&by=",
    "tls=secure&by=dane,dane",
    "tls=secure&mx=dns",
    "tls=may&requiretls=yes",
    "tls=encrypt&by=dane",
    "tls=secure&optional=yes",
  ]) {
    const query = new URLSearchParams(`to=pat@pine.example&${words}`);
    assert.equal(localMessageOf(query, content).ok, false, words);
  }
});
