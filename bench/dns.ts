/**
 * DNS beside Unbound over loopback, on the same names: a private root, a top-level zone and many signed zones on NSD.
 *
 * Cold: every question is for a zone that was never asked for, so its DS, DNSKEY and MX are fetched and validated.
 * Unbound does both by itself. We validate behind an equally cold Unbound that only fetches; and, for information, behind
 * one that validates too, as it does even for questions with CD, so that all the cryptography is done twice.
 * Warm: the same names again, answered from memory.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { systemClock, systemRandom } from "../src/base/mod.ts";
import { openDns } from "../src/dns/io/open.ts";
import { encodeQuery } from "../src/dns/wire/encode.ts";
import { nameOf } from "../src/dns/wire/name.ts";
import { TYPE } from "../src/dns/wire/types.ts";
import { needs } from "../test/support/programs.ts";
import type { World, ZonePlan } from "../test/support/dns-world.ts";
import { buildWorld } from "../test/support/dns-world.ts";
import { type Effort, judge, type Result } from "./figures.ts";

/** Measures both in turns, so that other work on the machine strikes both alike; undefined where a program is missing. */
export async function dnsLookups(effort: Effort): Promise<readonly (Result | undefined)[]> {
  if (needs("nsd", "unbound", "ldns-signzone") !== false) return [undefined];
  const { zones, rounds: count } = EFFORT[effort];
  await using world = await buildWorld(plans(zones));
  const names = Array.from({ length: zones }, (_, at) => `z${at}.example`);
  const rounds: { hopseal: Figures; unbound: Figures }[] = [];
  for (let at = 0; at < count; at++) {
    const unbound = await measureUnbound(world, names);
    const { cold, warm } = await measureHopseal(world, names, { validates: false });
    const twice = (await measureHopseal(world, names, { validates: true })).cold;
    const round = { unbound: { ...unbound, twice: unbound.cold }, hopseal: { cold, warm, twice } };
    rounds.push(round);
    process.stderr.write(`round ${at + 1}: ${JSON.stringify(round)}\n`);
  }
  const result = (name: string, what: keyof Figures, bound: number): Result => {
    const peer = { name: "Unbound", figures: rounds.map((round) => round.unbound[what]) };
    return judge({ name, unit: "look-ups/s", ours: rounds.map((round) => round.hopseal[what]), peer, bound });
  };
  return [
    result("DNS, cold validated look-up", "cold", COLD_BOUND),
    result("DNS, cold look-up, validated twice", "twice", 0),
    result("DNS, warm look-up", "warm", WARM_BOUND),
  ];
}

interface Figures {
  /** Look-ups a second. */
  readonly cold: number;
  readonly warm: number;
  readonly twice: number;
}

function plans(zones: number): readonly ZonePlan[] {
  const zone = (name: string): ZonePlan => ({
    name,
    server: "nsd",
    records: "@ MX 10 mx\nmx A 192.0.2.25",
    algorithms: [13],
  });
  return [zone(""), zone("example"), ...Array.from({ length: zones }, (_, at) => zone(`z${at}.example`))];
}

async function measureUnbound(world: World, names: readonly string[]): Promise<Omit<Figures, "twice">> {
  await using recursor = await world.recursor();
  const client = await datagramClient(recursor.port);
  const ask = async (name: string): Promise<void> => {
    const { rcode, ad } = await client.ask(name);
    if (rcode !== 0 || !ad) throw new Error(`Unbound does not prove ${name}`);
  };
  const figures = { cold: await rate(names, ask), warm: await rate(repeated(names), ask) };
  client.close();
  return figures;
}

async function measureHopseal(
  world: World,
  names: readonly string[],
  behind: { readonly validates: boolean },
): Promise<Omit<Figures, "twice">> {
  await using recursor = await world.recursor(behind);
  const dns = await openDns({
    servers: [`127.0.0.1:${recursor.port}`],
    mode: "validate",
    anchors: { text: world.anchors },
    clock: systemClock,
    random: systemRandom,
  });
  const ask = async (name: string): Promise<void> => {
    const answer = await dns.resolver.query(name, "MX");
    if (answer.kind !== "data" || answer.security !== "secure") throw new Error(`Hopseal does not prove ${name}`);
  };
  const figures = { cold: await rate(names, ask), warm: await rate(repeated(names), ask) };
  dns.close();
  return figures;
}

function repeated(names: readonly string[]): readonly string[] {
  return Array.from({ length: WARM }, (_, at) => names[at % names.length] ?? "");
}

/** Asks for every name, so many at once, and gives look-ups a second. */
async function rate(names: readonly string[], ask: (name: string) => Promise<void>): Promise<number> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let name = names[next++]; name !== undefined; name = names[next++]) await ask(name);
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return Math.round((names.length * 1000) / (performance.now() - began));
}

/** As little as a client can do: one socket, nothing decoded but the header. */
async function datagramClient(
  port: number,
): Promise<{ ask(name: string): Promise<{ rcode: number; ad: boolean }>; close(): void }> {
  const socket = createSocket("udp4");
  const waiting = new Map<number, (reply: { rcode: number; ad: boolean }) => void>();
  let id = 0;
  socket.on("message", (octets) => {
    const key = octets.readUInt16BE(0);
    waiting.get(key)?.({ rcode: octets.readUInt8(3) & 15, ad: (octets.readUInt8(3) & 0x20) !== 0 });
    waiting.delete(key);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    ask(name) {
      id = (id + 1) & 0xffff;
      const query = encodeQuery({
        id,
        name: nameOf(name),
        type: TYPE.MX,
        rd: true,
        cd: false,
        do: true,
        udpSize: 1232,
      });
      socket.send(query, port, "127.0.0.1");
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    close: () => socket.close(),
  };
}

const EFFORT = { short: { zones: 200, rounds: 3 }, whole: { zones: 400, rounds: 5 } } as const;
const IN_FLIGHT = 64;
const WARM = 40_000;
/** What must be reached. */
const COLD_BOUND = 0.3;
const WARM_BOUND = 0.5;
