import assert from "node:assert/strict";
import { test } from "node:test";
import { newCa } from "../../../lab/certificates.ts";
import { openTrust } from "../../../src/tls/io/mod.ts";
import { startDovecot } from "../../support/dovecot.ts";
import { needs } from "../../support/programs.ts";
import { deliverAll } from "./_run.ts";

test("delivery to Dovecot by LMTP, over TCP and a unix socket: every recipient its own end, REQUIRETLS or not (RFC 2033 §4.2)", {
  skip: needs("dovecot"),
}, async () => {
  await using dovecot = await startDovecot({
    users: { "bo@rook.example": {}, "cy@rook.example": { quota: 1000 }, "di@rook.example": {} },
  });
  const opened = await openTrust({ kind: "pem", certificates: [(await newCa()).pem] });
  assert.ok(opened.ok);
  const trust = opened.value;
  const to = ["bo@rook.example", "cy@rook.example", "nobody@rook.example", "di@rook.example"];
  const demand = { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true, because: [] } as const;
  const body = `Subject: hello\r\n\r\n${".a dot\r\n".repeat(300)}`;
  for (const at of [{ host: "127.0.0.1", port: dovecot.port }, { path: dovecot.path }]) {
    const lines = await deliverAll(
      [
        { to, body, envelope: { demand } },
        { to: ["bo@rook.example"], body },
      ],
      {
        trust,
        zone: {},
        ports: {},
        routes: [{ recipients: ["rook.example"], target: { kind: "lmtp", at } }],
        perDestination: 1,
      },
    );
    assert.deepEqual(
      lines.map((one) => `${one.to} ${one.outcome} ${one.code} ${one.enhanced} ${one.tls}`),
      [
        "bo@rook.example delivered 250 2.0.0 may:plaintext",
        "cy@rook.example deferred 452 4.2.2 may:plaintext",
        "nobody@rook.example failed 550 5.1.1 may:plaintext",
        "di@rook.example delivered 250 2.0.0 may:plaintext",
        "bo@rook.example delivered 250 2.0.0 may:plaintext",
      ],
    );
  }
  const kept = await dovecot.messages("bo@rook.example");
  assert.equal(kept.length, 4);
  for (const one of kept)
    assert.ok(one.toString("utf8").replaceAll("\r\n", "\n").endsWith(body.replaceAll("\r\n", "\n")));
});
