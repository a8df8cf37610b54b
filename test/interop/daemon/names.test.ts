import assert from "node:assert/strict";
import { test } from "node:test";
import { startHopseal } from "../../support/hopseal.ts";
import { needs } from "../../support/programs.ts";
import { startSink } from "../../support/sink.ts";
import { connectPlain, MAY, outgoing } from "../../support/client.ts";
import { flipLast, change } from "../../support/dns-faults.ts";
import { buildWorld, type ZonePlan } from "../../support/dns-world.ts";
import { utf8 } from "../../../src/base/mod.ts";

const skip = needs("unbound", "nsd", "ldns-signzone");

const MAIL = "@ A 127.0.0.1\n@ MX 10 mx\nmx A 127.0.0.1";

function zone(name: string, more: Partial<ZonePlan> = {}): ZonePlan {
  return { name, server: "nsd", records: MAIL, algorithms: [13], ...more };
}

test("daemon: mail follows validated MX records; a forged zone defers, and a null MX is final (RFC 4035 §5, RFC 7505 §3)", {
  skip,
}, async () => {
  await using world = await buildWorld([
    zone("", { records: "" }),
    zone("example", { records: "" }),
    zone("rook.example"),
    zone("plain.example", { algorithms: [] }),
    zone("none.example", { records: "@ MX 0 ." }),
    zone("forged.example", { spoil: (signed) => change(signed, { type: "RRSIG" }, flipLast) }),
  ]);
  await using recursor = await world.recursor();
  await using sink = await startSink();
  await using hopseal = await startHopseal({
    config: `
hostname = "mx.pine.example"
data_dir = "{folder}/data"
postmaster = "bo@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[relay]
networks = ["127.0.0.0/8"]
[outbound]
networks = ["127.0.0.0/8"]
port = ${sink.port}
[dns]
servers = ["127.0.0.1:${recursor.port}"]
trust_anchors = "anchors"
self_test = { secure = "rook.example", bogus = "forged.example" }
`,
    files: { anchors: world.anchors },
  });
  const session = await connectPlain(hopseal.ports[0] ?? 0);
  assert.ok(!("kind" in session));
  const outcomes: string[] = [];
  for (const domain of ["rook.example", "plain.example", "none.example", "forged.example", "absent.example"]) {
    const sent = await session.send(
      outgoing({ content: utf8("Subject: x\r\n\r\n"), to: [`bo@${domain}`], from: "ada@pine.example" }),
      MAY,
    );
    assert.ok(!("kind" in sent));
    const attempt = await hopseal.waitFor((line) => line["event"] === "attempt" && line["to"] === `bo@${domain}`);
    outcomes.push(`${domain}: ${String(attempt["outcome"])} ${String(attempt["code"])} ${String(attempt["enhanced"])}`);
  }
  await session.quit();
  assert.deepEqual(outcomes, [
    "rook.example: delivered 250 2.6.0",
    "plain.example: delivered 250 2.6.0",
    "none.example: failed 556 5.1.10",
    "forged.example: deferred 451 4.4.3",
    "absent.example: failed 550 5.1.2",
  ]);
  assert.deepEqual(
    hopseal.log.filter((line) => line["event"] === "fault" && line["where"] === "dns"),
    [],
  );
});
