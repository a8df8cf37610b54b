import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MAIN } from "../../test/support/hopseal.ts";
import { freePort } from "../../test/support/port.ts";
import { needs } from "../../test/support/programs.ts";
import { inheritedSockets, type ProcessFacts } from "./inherited.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const V4 = `${HEAD}   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
   1: 0100007F:01D1 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 112 1 0 100 0 0 10 0
`;
const V6 = `${HEAD}   0: 00000000000000000000000001000000:0019 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 113 1 0 100 0 0 10 0
`;

function facts(env: Record<string, string>): ProcessFacts {
  const inodes = new Map([
    [3, "111"],
    [4, "112"],
    [5, "113"],
  ]);
  return { env, pid: 42, inode: (descriptor) => inodes.get(descriptor), tables: () => [V4, V6] };
}

test("inheritedSockets: by address, each once; a connection is none", () => {
  const sockets = inheritedSockets(facts({ LISTEN_FDS: "4", LISTEN_PID: "42" }));
  assert.deepEqual([...sockets.left()].sort(), ["127.0.0.1:25", "[::1]:25"]);
  assert.equal(sockets.take({ host: "0:0:0:0:0:0:0:1", port: 25 }), 5);
  assert.equal(sockets.take({ host: "127.0.0.1", port: 465 }), undefined);
  assert.equal(sockets.take({ host: "127.0.0.1", port: 25 }), 3);
  assert.equal(sockets.take({ host: "127.0.0.1", port: 25 }), undefined);
  assert.deepEqual(sockets.left(), []);
});

test("inheritedSockets: none without LISTEN_FDS, for another process, or for a count that is none", () => {
  const table = [
    {},
    { LISTEN_FDS: "1", LISTEN_PID: "41" },
    { LISTEN_FDS: "x" },
    { LISTEN_FDS: "-1" },
    { LISTEN_FDS: "1.5" },
  ];
  for (const env of table) assert.deepEqual(inheritedSockets(facts(env as Record<string, string>)).left(), []);
  assert.deepEqual(inheritedSockets(facts({ LISTEN_FDS: "1" })).left(), ["127.0.0.1:25"]);
});

for (const [name, words] of [
  ["the program", [MAIN]],
  ["the installed command", [fileURLToPath(new URL("../../bin/hopseal.js", import.meta.url))]],
] as const) {
  test(`${name} serves on a socket that systemd opened`, { skip: needs("systemd-socket-activate") }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "hopseal-inherited-"));
    const port = await freePort();
    await writeFile(
      join(folder, "hopseal.toml"),
      `hostname = "mx.rook.example"\ndata_dir = "${folder}/data"\npostmaster = "ann@rook.example"\n[[listen]]\naddress = "127.0.0.1:${port}"\ntls = "none"\n`,
    );
    const listen = ["-l", `127.0.0.1:${port}`, "-E", "PATH"];
    const run = [process.execPath, ...words, "run", "-c", join(folder, "hopseal.toml")];
    const child = spawn("systemd-socket-activate", listen.concat(run));
    const ended = new Promise<number | null>((resolve) => child.once("exit", (status) => resolve(status)));
    try {
      const lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
      assert.match(String((await lines.next()).value), /^Listening on 127\.0\.0\.1/);
      // The supervisor starts the program for the first client, who waits for it.
      assert.match(await greeting(port), /^220 mx\.rook\.example/);
      child.kill("SIGTERM");
      assert.equal(await ended, 0);
    } finally {
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    }
  });
}

async function greeting(port: number): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("data", (text) => {
      socket.destroy();
      resolve(text.toString("latin1"));
    });
    socket.once("error", reject);
    socket.once("end", () => reject(new Error("The connection ended without a greeting")));
  });
}
