import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { connect as secure, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { testCa } from "../../support/certificates.ts";
import { MAIN, type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { pidOf, workers, workersUntil } from "./_world.ts";

const NOBODY = 65_534;
const CONFIG = `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "bo@rook.example"
user = "nobody"
workers = 2
[[certificate]]
chain = "{folder}/keys/mx.pem"
key = "{folder}/keys/mx.key"
[[listen]]
address = "127.0.0.1:0"
[[domain]]
name = "rook.example"
recipients = "any"
`;

test("workers: keys that only root can read serve a worker that is started again when root is long given up", {
  skip: await cannotGiveUpRoot(),
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-keys-"));
  try {
    const ca = await testCa();
    const issued = await ca.issue(["mx.rook.example"]);
    await chmod(folder, 0o711);
    await mkdir(join(folder, "keys"), { mode: 0o700 });
    await writeFile(join(folder, "keys", "mx.key"), issued.key, { mode: 0o600 });
    await writeFile(join(folder, "keys", "mx.pem"), issued.chain);
    await mkdir(join(folder, "data"), { mode: 0o700 });
    await chown(join(folder, "data"), NOBODY, NOBODY);
    await using hopseal = await startHopseal({ config: CONFIG, folder });
    const first = await workers(hopseal);
    for (const { pid } of first) assert.equal(await uidOf(pid), NOBODY);
    assert.equal(await uidOf(hopseal.pid), NOBODY);
    for (let at = 0; at < 2; at++) assert.equal(await subjectOverTls(hopseal, ca.pem), "mx.rook.example");
    for (const number of [0, 1]) {
      process.kill(pidOf(first, number), "SIGKILL");
      await workersUntil(hopseal, (all) => {
        const one = all[number];
        return one?.state === "ready" && one.pid !== pidOf(first, number);
      });
    }
    for (let at = 0; at < 2; at++) assert.equal(await subjectOverTls(hopseal, ca.pem), "mx.rook.example");
    // Neither the arguments nor the environment of a worker has anything of a key.
    for (const { pid } of await workers(hopseal)) {
      for (const file of ["cmdline", "environ"]) {
        const text = await readFile(`/proc/${pid}/${file}`, "latin1");
        assert.ok(!text.includes("PRIVATE KEY"));
      }
    }
    assert.ok(!JSON.stringify(hopseal.log).includes("PRIVATE KEY"));
    assert.equal(await hopseal.stop(), 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** The name in the certificate that STARTTLS brings, verified. */
async function subjectOverTls(hopseal: RunningHopseal, ca: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port: hopseal.ports[0] ?? 0 });
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const reply = async (): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error("The connection ended");
      if (value[3] !== "-") return value;
    }
  };
  assert.match(await reply(), /^220 /);
  socket.write("EHLO client.pine.example\r\n");
  assert.match(await reply(), /^250 /);
  socket.write("STARTTLS\r\n");
  assert.match(await reply(), /^220 /);
  return await handshake(socket, ca);
}

async function handshake(socket: Socket, ca: string): Promise<string> {
  socket.removeAllListeners("data");
  return await new Promise((resolve, reject) => {
    const secured: TLSSocket = secure({ socket, ca, servername: "mx.rook.example" }, () => {
      resolve(String(secured.getPeerCertificate().subjectaltname).replace("DNS:", ""));
      secured.destroy();
    });
    secured.once("error", reject);
  });
}

async function uidOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]);
}

/** Nobody must be able to read the program. */
async function cannotGiveUpRoot(): Promise<string | false> {
  if (process.getuid?.() !== 0) return "needs root";
  const options = { uid: NOBODY, gid: NOBODY };
  const ran = await promisify(execFile)(process.execPath, [MAIN, "--version"], options).catch(() => undefined);
  return ran === undefined ? "the user nobody cannot run the program from here" : false;
}
