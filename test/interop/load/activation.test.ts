import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { startHopseal } from "../../support/hopseal.ts";
import { freePort } from "../../support/port.ts";
import { needs } from "../../support/programs.ts";
import { startLoad } from "./_load.ts";
import { filled, isWhatWasTaken, subjects } from "./_stored.ts";

const RESTARTS = 3;

test("restarts on an inherited socket under load: clients that come in between wait and are served; nobody is refused or cut off", {
  skip: needs("python3"),
}, async () => {
  const port = await freePort();
  await using hopseal = await startHopseal({
    wrapper: ["python3", "-c", SUPERVISOR, String(port), String(RESTARTS + 1)],
    config: `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "bo@rook.example"
[[listen]]
address = "127.0.0.1:${port}"
tls = "none"
[[domain]]
name = "rook.example"
recipients = "any"
[[route]]
recipients = ["rook.example"]
deliver = { maildir = "{folder}/mail/{localpart}" }
[dns]
dnssec = "off"
[policy]
dane = "off"
mta_sts = "off"
`,
  });
  const load = startLoad(port, { clients: 8, each: 100 });
  for (let restart = 1; restart <= RESTARTS; restart++) {
    await load.accepted(restart * 200 - 50);
    process.kill(await startedAs(hopseal, restart), "SIGTERM");
    await startedAs(hopseal, restart + 1);
  }
  const result = await load.result;
  await filled(join(hopseal.folder, "mail", "bo", "new"), 800);
  isWhatWasTaken(await subjects(join(hopseal.folder, "mail", "bo", "new")), result);
  assert.deepEqual([result.accepted.length, result.unsure], [800, []]);
  // A session under way is told to come again; whoever only connected is greeted by the next process.
  assert.deepEqual(
    Object.keys(result.met).filter((what) => !/^421 (hello|mail|rcpt|data)$/.test(what)),
    [],
    JSON.stringify(result.met),
  );
  process.kill(await startedAs(hopseal, RESTARTS + 1), "SIGTERM");
});

/** The process id of the n-th start. */
async function startedAs(hopseal: Awaited<ReturnType<typeof startHopseal>>, nth: number): Promise<number> {
  let seen = 0;
  return Number((await hopseal.waitFor((line) => line["event"] === "ready" && ++seen === nth))["pid"]);
}

/** Holds the socket as systemd does, and starts the program on it so many times. */
const SUPERVISOR = `
import os, socket, subprocess, sys
port, starts, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", port))
listener.listen(511)
if listener.fileno() != 3:
    os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
for _ in range(starts):
    subprocess.run(["sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "sh", *command], pass_fds=[3])
`;
