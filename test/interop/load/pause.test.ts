import assert from "node:assert/strict";
import { test } from "node:test";
import { startHopseal } from "../../support/hopseal.ts";
import { startPostfix } from "../../support/postfix.ts";
import { needs } from "../../support/programs.ts";
import { hopseal } from "../../integration/daemon/_cli.ts";
import { letter } from "../../integration/daemon/_talk.ts";

const CONFIG = `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "ann@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[domain]]
name = "rook.example"
recipients = "any"
[[route]]
recipients = ["rook.example"]
deliver = { maildir = "{folder}/mail/{localpart}" }
`;

test("pause: Postfix keeps its mail while we take none, and brings it after resume", {
  skip: needs("postfix"),
}, async () => {
  await using running = await startHopseal({ config: CONFIG });
  const [port = 0] = running.ports;
  await using postfix = await startPostfix({
    relayTo: { host: "127.0.0.1", port },
    settings: { minimal_backoff_time: "1s", maximal_backoff_time: "2s", queue_run_delay: "1s" },
  });
  assert.equal((await hopseal("pause", "-c", running.configFile, "--receiving")).status, 0);
  assert.match(await letter(postfix.port, "bo@rook.example"), /^250 /);
  await running.waitFor((line) => line["event"] === "limited" && line["limit"] === "paused");
  assert.equal((await hopseal("resume", "-c", running.configFile)).status, 0);
  await running.waitFor((line) => line["to"] === "bo@rook.example" && line["outcome"] === "delivered");
  assert.match(await postfix.log(), /status=deferred .*421 Taking no mail at the moment, try again later/);
});
