import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, seededRandom } from "../../base/mod.ts";
import type { Message } from "../wire/message.ts";
import { OPTION } from "../wire/message.ts";
import { createCookieJar } from "./cookies.ts";

const SERVER = { address: "127.0.0.1", port: 53 };
const SERVER_COOKIE = new Uint8Array(16).fill(9);

test("createCookieJar sends a cookie of its own to each server and returns the server's (RFC 7873 §5.1, §5.3)", () => {
  const jar = createCookieJar(seededRandom(1), () => 0);
  const mine = jar.offer(SERVER);
  assert.equal(mine.length, 8);
  assert.notDeepEqual(jar.offer({ address: "127.0.0.2", port: 53 }), mine);
  assert.equal(jar.judge(SERVER, mine, reply(concat([mine, SERVER_COOKIE]))), "fine");
  assert.deepEqual(jar.offer(SERVER), concat([mine, SERVER_COOKIE]));
});

test("createCookieJar takes no reply with an illegal or foreign cookie (RFC 7873 §5.3)", () => {
  const jar = createCookieJar(seededRandom(1), () => 0);
  const mine = jar.offer(SERVER);
  for (const length of [0, 7, 9, 15, 41]) {
    const cookie = concat([mine, new Uint8Array(40)]).subarray(0, length);
    assert.equal(jar.judge(SERVER, mine, reply(cookie)), "wrong", `${length} octets`);
  }
  assert.equal(jar.judge(SERVER, mine, reply(concat([new Uint8Array(8), SERVER_COOKIE]))), "wrong");
  assert.deepEqual(jar.offer(SERVER), mine);
});

test("createCookieJar misses the cookie of a server that had one, until told to forget (RFC 7873 §5.3)", () => {
  const jar = createCookieJar(seededRandom(1), () => 0);
  const mine = jar.offer(SERVER);
  assert.equal(jar.judge(SERVER, mine, reply(undefined)), "fine");
  jar.judge(SERVER, mine, reply(concat([mine, SERVER_COOKIE])));
  assert.equal(jar.judge(SERVER, mine, reply(undefined)), "missing");
  jar.forget(SERVER);
  assert.equal(jar.judge(SERVER, mine, reply(undefined)), "fine");
});

test("createCookieJar changes its cookie in time (RFC 7873 §7.1)", () => {
  let now = 0;
  const jar = createCookieJar(seededRandom(1), () => now);
  const mine = jar.offer(SERVER);
  now += 23 * 3_600_000;
  assert.deepEqual(jar.offer(SERVER), mine);
  now += 2 * 3_600_000;
  assert.notDeepEqual(jar.offer(SERVER), mine);
});

function reply(cookie: Uint8Array | undefined): Message {
  const options = cookie === undefined ? [] : [{ code: OPTION.COOKIE, data: cookie }];
  return {
    id: 1,
    opcode: 0,
    flags: { qr: true, aa: false, tc: false, rd: true, ra: true, ad: false, cd: false },
    rcode: 0,
    question: [],
    answer: [],
    authority: [],
    additional: [],
    edns: { udpSize: 1232, do: true, version: 0, options },
  };
}
