import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../../../src/base/mod.ts";
import { statusOf } from "../../../src/status/mod.ts";
import { connectPlain, MAY, outgoing } from "../../support/client.ts";
import { startHopseal } from "../../support/hopseal.ts";
import { startSink } from "../../support/sink.ts";

test("SRS: when our own next hop refuses forwarded mail, the notice goes to the sender behind the rewritten one", async () => {
  await using sink = await startSink({
    verdict: (caught) => statusOf(caught.to.includes("x@elm.example") ? "content-refused" : "ok-message"),
  });
  const config = `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "bo@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[domain]]
name = "fwd.example"
recipients = ["bo"]
srs = true
aliases = { away = "x@elm.example" }
[[route]]
recipients = ["*"]
deliver = { smtp = "127.0.0.1:${sink.port}" }
`;
  await using hopseal = await startHopseal({ config });
  const session = await connectPlain(hopseal.ports[0] ?? 0);
  assert.ok(!("kind" in session));
  const content = utf8("Subject: forward me\r\n\r\nhello\r\n");
  await session.send(outgoing({ content, to: ["away@fwd.example"], from: "ada@pine.example" }), MAY);
  await session.quit();
  const notice = await sink.next();
  assert.deepEqual([notice.from, notice.to], ["<>", ["ada@pine.example"]]);
  assert.match(notice.content.toString("latin1"), /Final-Recipient: rfc822; away@fwd\.example/);
  const attempt = await hopseal.waitFor((line) => line["event"] === "attempt" && line["outcome"] === "failed");
  assert.match(String(attempt["from"]), /^<SRS0=[A-Z2-7]{6}=[A-Z2-7]{2}=pine\.example=ada@fwd\.example>$/);
});
