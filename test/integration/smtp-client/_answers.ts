import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import { domain } from "../../../src/mail/mod.ts";
import * as gate from "../../../src/policy/mod.ts";
import type { Proceed } from "../../../src/policy/mod.ts";
import type { ClientSession, Outgoing, SessionFailure, Target } from "../../../src/smtp/client/mod.ts";
import { openSession } from "../../../src/smtp/io/mod.ts";
import type { TrustStore } from "../../../src/tls/io/mod.ts";
import { ManualClock } from "../../support/clock.ts";
import { type Answer, ANSWERS, answeringPeer, type Script, type ScriptedPeer } from "./_answers_peer.ts";
import { brief, CONTENT, LOGIN, request, to } from "./dialogue.ts";

/** One kind of session, and the points at which its server may go wrong. */
export interface World {
  readonly name: string;
  readonly offers: readonly string[];
  readonly points: readonly string[];
  readonly protocol?: "lmtp";
  readonly chunked?: boolean;
  readonly refuses?: boolean;
  readonly tls?: boolean;
  readonly login?: boolean;
}

/** What the client made of one answer at one point. */
export interface Cell {
  readonly world: string;
  readonly point: string;
  readonly answer: Answer;
  readonly result: string;
  /** Recipients reported as delivered, and those for which the server took the content; one list per message. */
  readonly delivered: readonly (readonly string[])[];
  readonly acknowledged: ScriptedPeer["acknowledged"];
  readonly afterDot: boolean;
}

export interface AnswersOptions {
  readonly trust: TrustStore;
  readonly certificate: { readonly chain: string; readonly key: string };
}

const SESSION = ["greeting", "hello", "MAIL", "RCPT 1", "RCPT 2", "DATA"];
const REST = ["idle", "QUIT"];
export const WORLDS: readonly World[] = [
  { name: "SMTP, one command at a time", offers: ["8BITMIME"], points: [...SESSION, "dot", ...REST] },
  { name: "SMTP, PIPELINING", offers: ["PIPELINING"], points: [...SESSION, "dot", ...REST] },
  { name: "SMTP, BDAT", offers: ["PIPELINING", "CHUNKING"], points: ["RCPT 2", "BDAT", "LAST"], chunked: true },
  { name: "SMTP, after a refused message", offers: [], points: ["RSET", "MAIL again"], refuses: true },
  { name: "SMTP, after a refused message, PIPELINING", offers: ["PIPELINING"], points: ["RSET"], refuses: true },
  { name: "SMTP, STARTTLS", offers: ["STARTTLS"], points: ["hello", "STARTTLS", "second hello"], tls: true },
  { name: "SMTP, AUTH PLAIN", offers: ["AUTH PLAIN LOGIN"], points: ["AUTH"], login: true },
  { name: "SMTP, AUTH LOGIN", offers: ["AUTH LOGIN"], points: ["AUTH", "user", "password"], login: true },
  {
    name: "LMTP, one command at a time",
    offers: ["8BITMIME"],
    points: [...SESSION, "dot 1", "dot 2", ...REST],
    protocol: "lmtp",
  },
  {
    name: "LMTP, PIPELINING",
    offers: ["PIPELINING"],
    points: [...SESSION, "dot 1", "dot 2", ...REST],
    protocol: "lmtp",
  },
  {
    name: "LMTP, BDAT",
    offers: ["PIPELINING", "CHUNKING"],
    points: ["RCPT 2", "BDAT", "LAST 1", "LAST 2"],
    protocol: "lmtp",
    chunked: true,
  },
];

/** Every answer at every point of every world, each in a session of its own. */
export async function allCells(options: AnswersOptions): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for (const world of WORLDS) {
    for (const point of world.points) {
      for (const answer of ANSWERS) cells.push(await cellOf(world, point, answer, options));
    }
  }
  return cells;
}

/** The cells as text; answers with the same result share a line. */
export function tableOf(cells: readonly Cell[]): string {
  const groups = new Map<string, Map<string, Map<string, string[]>>>();
  for (const { world, point, answer, result } of cells) {
    const points = groups.get(world) ?? new Map<string, Map<string, string[]>>();
    const results = points.get(point) ?? new Map<string, string[]>();
    results.set(result, [...(results.get(result) ?? []), answer]);
    groups.set(world, points.set(point, results));
  }
  let text = "";
  for (const [world, points] of groups) {
    text += `${world}\n`;
    for (const [point, results] of points) {
      text += `  ${point}\n`;
      for (const [result, answers] of results) text += `    ${answers.join(" | ")}\n      ${result}\n`;
    }
  }
  return text;
}

async function cellOf(world: World, point: string, answer: Answer, options: AnswersOptions): Promise<Cell> {
  // TLS between the two ends of such a pair does not come about in Node.js.
  const [near, far] = world.tls === true ? await tcpPair() : duplexPair();
  const clock = new ManualClock();
  const script: Script = {
    offers: world.offers,
    lmtp: world.protocol === "lmtp",
    refuses: world.refuses === true,
    certificate: options.certificate,
    point,
    answer,
    reset: () => void near.destroy(new Error("read ECONNRESET")),
  };
  const peer = answeringPeer(far, script);
  const found: Found = { delivered: [], afterDot: false };
  const session = await patiently(clock, open(world, { clock, trust: options.trust, wire: near }), world.tls);
  const parts = "kind" in session ? [describeFailure(session)] : await use(session, { clock, peer, point, found });
  if (!peer.reached) throw new Error(`${world.name}: ${point} was not reached: ${parts.join("; ")}`);
  await settle();
  // A polite end waits a little for the other side.
  clock.advance(LONGEST_WAIT);
  await (world.tls === true ? quiet(() => near.destroyed) : settle());
  parts.push(near.destroyed ? "" : "STILL OPEN", clock.pending > 0 ? "TIMERS LEFT" : "");
  parts.push(peer.last === "QUIT" ? "QUIT" : "");
  far.destroy();
  const { delivered, afterDot } = found;
  const result = parts.filter((part) => part !== "").join("; ");
  return { world: world.name, point, answer, result, delivered, acknowledged: peer.acknowledged, afterDot };
}

interface Found {
  delivered: string[][];
  afterDot: boolean;
}

function open(
  world: World,
  parts: { readonly clock: ManualClock; readonly trust: TrustStore; readonly wire: Duplex },
): Promise<ClientSession | SessionFailure> {
  const target: Target = {
    host: "peer.example",
    address: "127.0.0.1",
    port: 25,
    mode: "starttls",
    protocol: world.protocol ?? "smtp",
    ...(world.login === true ? { credentials: { user: LOGIN.user, password: async () => LOGIN.password } } : {}),
  };
  return openSession(target, ANY, world.tls === true ? ANY.ladder[0] : { kind: "plaintext" }, {
    hostname: "out.pine.example",
    trust: parts.trust,
    clock: parts.clock,
    gate,
    dial: () => Promise.resolve(parts.wire),
    chunking: world.chunked === true ? "preferred" : "needed",
    chunkSize: 12,
  });
}

/** Two messages, as far as the session lasts. */
async function use(
  session: ClientSession,
  { clock, peer, point, found }: { clock: ManualClock; peer: ScriptedPeer; point: string; found: Found },
): Promise<string[]> {
  const parts = [await send(session, clock, found)];
  await settle();
  if (point === "idle") {
    peer.speak();
    await settle();
  }
  parts.push(session.usable === true ? "" : "over");
  if (session.usable === true || point === "idle") parts.push(`again: ${await send(session, clock, found)}`);
  await patiently(clock, session.quit());
  return parts;
}

async function send(session: ClientSession, clock: ManualClock, found: Found): Promise<string> {
  const outgoing: Outgoing = {
    ...request({ recipients: to("bo@rook.example", "cy@rook.example") }),
    async *open() {
      yield CONTENT;
    },
  };
  const result = await patiently(clock, session.send(outgoing, ANY));
  if ("kind" in result) return `rejected: ${brief(result.status)}`;
  const { recipients, reusable, host, afterDot, untouched } = result;
  found.delivered.push(recipients.flatMap((status, at) => (status.code < 400 ? [`${at + 1}`] : [])));
  found.afterDot ||= afterDot === true;
  const [one = "", two = ""] = recipients.map(brief);
  const flags = [reusable ? "" : "not reusable", host === "ok" ? "" : "host failed"];
  flags.push(afterDot === true ? "after dot" : "", untouched === true ? "untouched" : "");
  return [one === two ? `both ${one}` : `${one}, ${two}`, ...flags.filter((flag) => flag !== "")].join(", ");
}

function describeFailure({ stage, status, tls, connected }: SessionFailure): string {
  const report = tls === undefined ? "" : ` (${tls.result}${tls.reason === undefined ? "" : `: ${tls.reason}`})`;
  return `no session, at ${stage}: ${brief(status)}${report}${connected ? "" : ", not connected"}`;
}

/** Waits for `work`; whenever nothing happens any more, time goes on. */
async function patiently<T>(clock: ManualClock, work: Promise<T>, unhurried = false): Promise<T> {
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  done.catch(() => undefined);
  for (let turn = 0; turn < 5; turn++) {
    await settle(() => over);
    if (over) return done;
    if (unhurried) await quiet(() => over);
    clock.advance(LONGEST_WAIT);
  }
  throw new Error("The client waits for ever");
}

/** A while on the wall clock, for what takes its way through the system. */
async function quiet(over: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100 && !over(); turn++) {
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

async function tcpPair(): Promise<readonly [Duplex, Duplex]> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const near = connect({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, noDelay: true });
  const [far] = (await accepted) as [Socket];
  server.close();
  return [near, far];
}

/** Until all that can happen without time has happened. */
async function settle(over?: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    if (over?.() === true) return;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

const LONGEST_WAIT = 20 * 60_000;
const ANY: Proceed = {
  kind: "proceed",
  sni: domain("peer.example"),
  keys: "any",
  floor: { kind: "any" },
  ladder: [{ kind: "tls", hello: "full" }, { kind: "plaintext" }],
  observe: [],
  policies: [],
  because: [],
};
