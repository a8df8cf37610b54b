import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import { recordOf } from "../../../test/support/dns-server.ts";
import type { Result } from "../../base/mod.ts";
import { err, ok } from "../../base/mod.ts";
import { createMessageCache } from "../cache/messages.ts";
import type { Message } from "../wire/message.ts";
import { nameOf } from "../wire/name.ts";
import { TYPE } from "../wire/types.ts";
import type { TransportFault } from "./ask-servers.ts";
import { createExchange } from "./exchange.ts";
import type { Asking } from "./query.ts";
import type { Transport } from "./transport.ts";

const NAME = nameOf("pine.example");
const QUESTION = { name: NAME, type: TYPE.A };
const MESSAGE: Message = {
  id: 1,
  opcode: 0,
  flags: { qr: true, aa: false, tc: false, rd: true, ra: true, ad: false, cd: true },
  rcode: 0,
  question: [{ ...QUESTION, class: 1 }],
  answer: [recordOf(NAME, TYPE.A, { ttl: 60, rdata: Uint8Array.of(192, 0, 2, 1) })],
  authority: [],
  additional: [],
};

function scripted(replies: readonly Result<Message, TransportFault>[]): { transport: Transport; asked: Asking[] } {
  const asked: Asking[] = [];
  const transport: Transport = {
    servers: [],
    close: () => {},
    async ask(asking) {
      asked.push(asking);
      return replies[asked.length - 1] ?? err({ detail: "no more replies" });
    },
  };
  return { transport, asked };
}

test("createExchange answers from its store until the TTL ends, and past it on demand", async () => {
  const clock = new ManualClock();
  const { transport, asked } = scripted([ok(MESSAGE), ok(MESSAGE), ok(MESSAGE)]);
  const exchange = createExchange(transport, { clock, cache: createMessageCache(), mode: "checking-disabled" });
  const ttl = async (options = {}): Promise<number | undefined> => {
    const reply = await exchange.ask(QUESTION, options);
    return reply.ok ? reply.value.answer[0]?.ttl : undefined;
  };
  assert.equal(await ttl(), 60);
  clock.advance(20_000);
  assert.equal(await ttl(), 40);
  assert.equal(asked.length, 1);
  assert.equal(await ttl({ noCache: true }), 60);
  clock.advance(60_000);
  assert.equal(await ttl(), 60);
  assert.deepEqual(
    asked,
    Array.from({ length: 3 }, () => ({ ...QUESTION, cd: true })),
  );
});

test("createExchange never gives out under one mode what came under the other", async () => {
  const clock = new ManualClock();
  const cache = createMessageCache();
  const { transport, asked } = scripted([ok(MESSAGE), ok(MESSAGE)]);
  await createExchange(transport, { clock, cache, mode: "checking-disabled" }).ask(QUESTION);
  await createExchange(transport, { clock, cache, mode: "checked" }).ask(QUESTION);
  assert.deepEqual(
    asked.map(({ cd }) => cd),
    [true, false],
  );
});

test("createExchange remembers for seconds that nobody answered, and drops no message for a failed second look", async () => {
  const clock = new ManualClock();
  const fault = { detail: "127.0.0.1:53: SERVFAIL" };
  const { transport, asked } = scripted([err(fault), ok(MESSAGE), err(fault)]);
  const exchange = createExchange(transport, { clock, cache: createMessageCache(), mode: "checked" });
  assert.deepEqual(await exchange.ask(QUESTION), err(fault));
  assert.deepEqual(await exchange.ask(QUESTION), err({ detail: "127.0.0.1:53: SERVFAIL (remembered from 0 s ago)" }));
  assert.equal(asked.length, 1);
  clock.advance(5_000);
  assert.ok((await exchange.ask(QUESTION)).ok);
  assert.deepEqual(await exchange.ask(QUESTION, { noCache: true }), err(fault));
  assert.ok((await exchange.ask(QUESTION)).ok);
  await assert.rejects(exchange.ask(QUESTION, { signal: AbortSignal.abort(new Error("given up")) }), /given up/);
});
