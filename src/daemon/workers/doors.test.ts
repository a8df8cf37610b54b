import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { type Config, parseConfig } from "../../config/mod.ts";
import { type Events, subscribe } from "../../observe/mod.ts";
import type { Door } from "../compose.ts";
import { bindDoors } from "./doors.ts";

const CONFIG = `
hostname = "mx.rook.example"
postmaster = "ann@rook.example"
data_dir = "queue"
[[listen]]
address = "127.0.0.1:0"
[policy_service]
address = "127.0.0.1:0"
`;

function configOf(text: string): Config {
  const loaded = parseConfig(text, "hopseal.toml");
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.value.config;
}

async function said(port: number): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  await once(socket, "close");
  return text;
}

test("a parent that runs out of descriptors says 421 and hands nothing over (RFC 5321 §3.8)", async () => {
  const limits: Events["hopseal:limited"][] = [];
  using _limits = subscribe("hopseal:limited", (event) => void limits.push(event));
  const handed: { readonly door: Door; readonly socket: Socket }[] = [];
  const shortage = { now: true };
  await using doors = await bindDoors(configOf(CONFIG), {
    certificates: undefined,
    hand: (door, socket) => void handed.push({ door, socket }),
    descriptors: { short: () => shortage.now },
  });
  const port = doors.bound[0]?.port ?? 0;
  const lookups = Number(doors.lookups[0]?.split(":").at(-1));
  assert.equal(await said(port), "421 4.3.2 Too busy, try again later\r\n");
  assert.equal(await said(lookups), "");
  assert.equal(handed.length, 0);
  const one = { limit: "descriptors", client: "127.0.0.1" };
  assert.deepEqual(limits, [one, one]);
  shortage.now = false;
  for (const [at, to] of [port, lookups].entries()) {
    const client = connect(to, "127.0.0.1");
    while (handed.length <= at) await new Promise(setImmediate);
    client.destroy();
  }
  assert.deepEqual(
    handed.map(({ door }) => door),
    [0, "lookups"],
  );
  for (const { socket } of handed) socket.destroy();
});
