import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import type { Script } from "../../../test/support/dns-server.ts";
import { recordOf, replyTo, scriptedServer } from "../../../test/support/dns-server.ts";
import type { Bytes } from "../../base/mod.ts";
import { concat, seededRandom, systemRandom } from "../../base/mod.ts";
import { encodeMessage } from "../wire/encode.ts";
import type { Message } from "../wire/message.ts";
import { OPTION, RCODE } from "../wire/message.ts";
import { nameOf, nameText } from "../wire/name.ts";
import { TYPE } from "../wire/types.ts";
import type { DnsDialer, Heard } from "./dial.ts";
import type { DnsServer } from "./servers.ts";
import type { Transport, TransportOptions } from "./transport.ts";
import { createTransport } from "./transport.ts";

const NAME = nameOf("mx.pine.example");
const ASKING = { name: NAME, type: TYPE.A, cd: true };
const ADDRESS = Uint8Array.of(192, 0, 2, 25);

const good = (query: Message): Message => replyTo(query, { answer: [recordOf(NAME, TYPE.A, { rdata: ADDRESS })] });

/** Its clock stands still, so a slow machine never makes it ask twice. */
function transportTo(servers: readonly DnsServer[], more: Partial<TransportOptions> = {}): Transport & Disposable {
  const transport = createTransport({ servers, clock: new ManualClock(), random: systemRandom, ...more });
  return Object.assign(transport, { [Symbol.dispose]: () => transport.close() });
}

test("createTransport asks with RD, CD, DO, 1232 octets and a cookie, each time with a new id and port", async () => {
  await using scripted = await scriptedServer((query) => [good(query)]);
  using transport = transportTo([scripted.server]);
  for (let count = 0; count < 8; count++) {
    const reply = await transport.ask(ASKING);
    assert.ok(reply.ok);
    assert.deepEqual(reply.value.answer[0]?.rdata, ADDRESS);
  }
  const [first] = scripted.heard;
  assert.deepEqual(first?.query.flags, { qr: false, aa: false, tc: false, rd: true, ra: false, ad: false, cd: true });
  assert.equal(first?.query.edns?.udpSize, 1232);
  assert.equal(first?.query.edns?.do, true);
  assert.equal(first?.query.edns?.options.find((option) => option.code === OPTION.COOKIE)?.data.length, 8);
  assert.ok(new Set(scripted.heard.map(({ query }) => query.id)).size > 6);
  assert.ok(new Set(scripted.heard.map(({ fromPort }) => fromPort)).size > 6);
});

test("createTransport passes over what does not answer its very question (RFC 5452 §9.1)", async () => {
  const other = nameOf("mx.evil.example");
  const forged = { answer: [recordOf(NAME, TYPE.A, { rdata: Uint8Array.of(6, 6, 6, 6) })] };
  const cookie = { code: OPTION.COOKIE, data: new Uint8Array(16).fill(6) };
  const forgeries: readonly ((query: Message) => Message | Bytes)[] = [
    () => Uint8Array.of(1, 2, 3),
    () => new Uint8Array(0),
    (query) => encodeMessage(replyTo(query, forged)).subarray(0, -1),
    (query) => concat([encodeMessage(replyTo(query, forged)), Uint8Array.of(0)]),
    (query) => replyTo(query, { ...forged, id: query.id ^ 1 }),
    (query) => ({ ...replyTo(query, forged), flags: { ...query.flags, qr: false } }),
    (query) => ({ ...replyTo(query, forged), opcode: 5 }),
    (query) => replyTo(query, { ...forged, question: [] }),
    (query) => replyTo(query, { ...forged, question: [{ name: other, type: TYPE.A, class: 1 }] }),
    (query) => replyTo(query, { ...forged, question: [{ name: NAME, type: TYPE.MX, class: 1 }] }),
    (query) => replyTo(query, { ...forged, question: [{ name: NAME, type: TYPE.A, class: 3 }] }),
    (query) => replyTo(query, { ...forged, question: [...query.question, ...query.question] }),
    (query) => replyTo(query, { ...forged, edns: { udpSize: 1232, do: true, version: 0, options: [cookie] } }),
  ];
  await using scripted = await scriptedServer((query) => [...forgeries.map((forge) => forge(query)), good(query)]);
  using transport = transportTo([scripted.server]);
  const reply = await transport.ask(ASKING);
  assert.ok(reply.ok);
  assert.deepEqual(reply.value.answer[0]?.rdata, ADDRESS);
  assert.deepEqual(
    scripted.heard.map(({ via }) => via),
    ["udp"],
  );
});

test("createTransport turns to TCP when an answer is cut, readable or not (RFC 7766 §5)", async () => {
  for (const broken of [false, true]) {
    const script: Script = (query, via) => {
      if (via === "tcp") return [good(query)];
      const cut = encodeMessage(
        replyTo(query, { flags: { ...query.flags, qr: true, tc: true }, answer: good(query).answer }),
      );
      return [broken ? cut.subarray(0, -20) : cut];
    };
    await using scripted = await scriptedServer(script);
    using transport = transportTo([scripted.server]);
    const reply = await transport.ask(ASKING);
    assert.ok(reply.ok);
    assert.equal(reply.value.flags.tc, false);
    assert.deepEqual(
      scripted.heard.map(({ via }) => via),
      ["udp", "tcp"],
    );
  }
});

test("createTransport takes a 64 KB answer over TCP", async () => {
  const big = Array.from({ length: 250 }, (_, at) => recordOf(NAME, TYPE.TXT, { rdata: new Uint8Array(220).fill(at) }));
  await using scripted = await scriptedServer((query, via) => [
    via === "udp" ? replyTo(query, { flags: { ...query.flags, qr: true, tc: true } }) : replyTo(query, { answer: big }),
  ]);
  using transport = transportTo([scripted.server]);
  const reply = await transport.ask({ ...ASKING, type: TYPE.TXT });
  assert.ok(reply.ok);
  assert.equal(reply.value.answer.length, 250);
});

test("createTransport returns the server's cookie, and goes to TCP after a second BADCOOKIE (RFC 7873 §5.3)", async () => {
  const withCookie = (query: Message, rcode: number): Message => {
    const mine =
      query.edns?.options.find((option) => option.code === OPTION.COOKIE)?.data.subarray(0, 8) ?? new Uint8Array(8);
    const options = [{ code: OPTION.COOKIE, data: concat([mine, new Uint8Array(8).fill(7)]) }];
    return { ...good(query), rcode, edns: { udpSize: 1232, do: true, version: 0, options } };
  };
  for (const patient of [true, false]) {
    let count = 0;
    await using scripted = await scriptedServer((query, via) => [
      withCookie(query, via === "udp" && (++count === 1 || !patient) ? RCODE.BADCOOKIE : RCODE.NOERROR),
    ]);
    using transport = transportTo([scripted.server]);
    assert.ok((await transport.ask(ASKING)).ok);
    const lengths = scripted.heard.map(({ query }) => query.edns?.options[0]?.data.length);
    assert.deepEqual(
      scripted.heard.map(({ via }) => via),
      patient ? ["udp", "udp"] : ["udp", "udp", "tcp"],
    );
    assert.deepEqual(lengths, patient ? [8, 16] : [8, 16, 16]);
  }
});

test("createTransport asks again over TCP when the expected cookie is missing (RFC 7873 §5.3)", async () => {
  let cookies = true;
  await using scripted = await scriptedServer((query) => {
    const mine = query.edns?.options[0]?.data.subarray(0, 8) ?? new Uint8Array();
    const options = cookies ? [{ code: OPTION.COOKIE, data: concat([mine, new Uint8Array(8)]) }] : [];
    return [{ ...good(query), edns: { udpSize: 1232, do: true, version: 0, options } }];
  });
  using transport = transportTo([scripted.server]);
  await transport.ask(ASKING);
  cookies = false;
  assert.ok((await transport.ask(ASKING)).ok);
  assert.ok((await transport.ask(ASKING)).ok);
  assert.deepEqual(
    scripted.heard.map(({ via }) => via),
    ["udp", "udp", "tcp", "udp"],
  );
});

test("createTransport asks the next server when one refuses, and then that one first", async () => {
  await using broken = await scriptedServer((query) => [replyTo(query, { rcode: RCODE.REFUSED })]);
  await using sound = await scriptedServer((query) => [good(query)]);
  using transport = transportTo([broken.server, sound.server]);
  assert.ok((await transport.ask(ASKING)).ok);
  assert.ok((await transport.ask(ASKING)).ok);
  assert.deepEqual([broken.heard.length, sound.heard.length], [1, 2]);
});

test("createTransport reports what every server said when none is of use; never an absence", async () => {
  const extended = {
    code: OPTION.EXTENDED_ERROR,
    data: concat([Uint8Array.of(0, 6), new TextEncoder().encode("no\r\nSIG")]),
  };
  await using failing = await scriptedServer((query) => [
    replyTo(query, { rcode: RCODE.SERVFAIL, edns: { udpSize: 1232, do: true, version: 0, options: [extended] } }),
  ]);
  await using refusing = await scriptedServer((query) => [replyTo(query, { rcode: RCODE.REFUSED })]);
  const gone = await scriptedServer(() => []);
  await gone[Symbol.asyncDispose]();
  const servers = [failing.server, refusing.server, gone.server];
  using transport = transportTo(servers);
  const reply = await transport.ask(ASKING);
  assert.ok(!reply.ok);
  const [one, two, three] = servers.map((server) => `127.0.0.1:${server.port}`);
  assert.equal(
    reply.error.detail,
    `${one}: SERVFAIL (DNSSEC bogus: no??SIG); ${two}: REFUSED; ${three}: refused the connection`,
  );
  assert.ok(reply.error.reply !== undefined);
});

test("createTransport without any server says so", async () => {
  using transport = transportTo([]);
  assert.deepEqual(await transport.ask(ASKING), { ok: false, error: { detail: "no DNS server is configured" } });
});

test("createTransport asks an identical question once, however many wait", async () => {
  await using scripted = await scriptedServer((query) => [good(query)]);
  using transport = transportTo([scripted.server]);
  const upper = { ...ASKING, name: nameOf("MX.PINE.EXAMPLE") };
  const replies = await Promise.all(
    [ASKING, ASKING, upper, { ...ASKING, cd: false }].map((asking) => transport.ask(asking)),
  );
  assert.ok(replies.every((reply) => reply.ok));
  assert.equal(scripted.heard.length, 2);
});

test("createTransport bounds the questions on the wire and those that wait", async () => {
  let free = (): void => {};
  const held = new Promise<void>((resolve) => {
    free = resolve;
  });
  await using scripted = await scriptedServer(async (query) => {
    await held;
    return [replyTo(query)];
  });
  using transport = transportTo([scripted.server], { inFlight: 2, queue: 1 });
  const asks = ["a", "b", "c", "d"].map((label) => transport.ask({ ...ASKING, name: nameOf(`${label}.example`) }));
  assert.deepEqual(await asks[3], { ok: false, error: { detail: "too many questions wait already" } });
  assert.ok(scripted.heard.length <= 2);
  free();
  assert.deepEqual(
    (await Promise.all(asks)).map((reply) => reply.ok),
    [true, true, true, false],
  );
});

test("createTransport rejects for an abort alone, and stops asking", async () => {
  await using scripted = await scriptedServer(() => []);
  using transport = transportTo([scripted.server]);
  await assert.rejects(transport.ask(ASKING, AbortSignal.abort(new Error("before"))), /before/);
  const stop = new AbortController();
  const asked = transport.ask(ASKING, stop.signal);
  stop.abort(new Error("given up"));
  await assert.rejects(asked, /given up/);
});

test("createTransport heeds the exact case of the name when it mixes case", async () => {
  const lower = (query: Message): Message =>
    replyTo(query, {
      question: [{ name: nameOf(nameText(query.question[0]?.name ?? NAME).toLowerCase()), type: TYPE.A, class: 1 }],
    });
  await using scripted = await scriptedServer((query) => [lower(query), good(query)]);
  using transport = transportTo([scripted.server], { mixCase: true, random: seededRandom(3) });
  const reply = await transport.ask(ASKING);
  assert.ok(reply.ok);
  assert.equal(reply.value.answer.length, 1);
  const [heard] = scripted.heard;
  const sent = nameText(heard?.query.question[0]?.name ?? NAME);
  assert.equal(sent.toLowerCase(), "mx.pine.example");
  assert.notEqual(sent, "mx.pine.example");
});

test("createTransport shares one TCP connection, and dials again when an idle one was closed (RFC 7766 §6.2)", async () => {
  const ports = new Set<number>();
  await using scripted = await scriptedServer((query, via) =>
    via === "udp" ? [replyTo(query, { flags: { ...query.flags, qr: true, tc: true } })] : [good(query)],
  );
  using transport = transportTo([scripted.server]);
  const names = ["a", "b", "c", "d", "e"].map((label) => ({ ...ASKING, name: nameOf(`${label}.example`) }));
  await Promise.all(names.map((asking) => transport.ask(asking)));
  for (const { via, fromPort } of scripted.heard) if (via === "tcp") ports.add(fromPort);
  assert.equal(ports.size, 1);
  scripted.hangUp();
  assert.ok((await transport.ask(ASKING)).ok);
});

test("createTransport moves on from a silent server after its time, and still takes its late answer", async () => {
  const clock = new ManualClock();
  const lines: { server: DnsServer; heard: Heard; query: Bytes }[] = [];
  const dialer: DnsDialer = {
    datagram: (server, heard) => ({ send: (query) => lines.push({ server, heard, query }), close: () => {} }),
    stream: () => ({ send: () => {}, close: () => {} }),
  };
  const servers = [1, 2].map((last) => ({ address: `192.0.2.${last}`, port: 53 }));
  const transport = createTransport({ servers, clock, random: seededRandom(1), dialer });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  const asked = transport.ask(ASKING);
  await turn();
  assert.deepEqual(
    lines.map(({ server }) => server.address),
    ["192.0.2.1"],
  );
  clock.advance(1_499);
  await turn();
  assert.equal(lines.length, 1);
  clock.advance(1);
  await turn();
  assert.deepEqual(
    lines.map(({ server }) => server.address),
    ["192.0.2.1", "192.0.2.2"],
  );
  const [first] = lines;
  assert.ok(first !== undefined);
  first.heard.data(encodeMessage(replyTo(readQuery(first.query))));
  assert.ok((await asked).ok);
  assert.equal(clock.pending, 0);
  transport.close();
});

test("createTransport gives up at its deadline, after a last try over TCP, and names who stayed silent", async () => {
  const clock = new ManualClock();
  let closed = 0;
  let sent = 0;
  let overTcp = 0;
  const dialer: DnsDialer = {
    datagram: () => ({ send: () => void sent++, close: () => void closed++ }),
    stream: () => ({ send: () => void overTcp++, close: () => {} }),
  };
  const transport = createTransport({
    servers: [{ address: "192.0.2.1", port: 53 }],
    clock,
    random: seededRandom(1),
    dialer,
  });
  const asked = transport.ask(ASKING);
  for (let step = 0; step < 100; step++) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await asked, { ok: false, error: { detail: "192.0.2.1:53: no answer in time" } });
  assert.deepEqual([sent, closed, overTcp], [2, 2, 1]);
  transport.close();
});

function readQuery(octets: Bytes): Message {
  const id = ((octets[0] ?? 0) << 8) | (octets[1] ?? 0);
  return {
    id,
    opcode: 0,
    flags: { qr: false, aa: false, tc: false, rd: true, ra: false, ad: false, cd: true },
    rcode: 0,
    question: [{ name: NAME, type: TYPE.A, class: 1 }],
    answer: [],
    authority: [],
    additional: [],
  };
}

test("createTransport that is closed ends what is under way and asks no more", async () => {
  await using scripted = await scriptedServer(() => []);
  using transport = transportTo([scripted.server]);
  const asked = transport.ask(ASKING);
  transport.close();
  const closed = { ok: false, error: { detail: "the resolver is closed" } };
  assert.deepEqual([await asked, await transport.ask(ASKING)], [closed, closed]);
});
