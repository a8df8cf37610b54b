import { createSocket } from "node:dgram";
import type { Clock } from "../../src/base/mod.ts";
import { DNS_TYPES, encodeName } from "../world/dns_wire.ts";
import type { World } from "../world/world.ts";
import { dialogueWith } from "./dialogue.ts";
import type { LabMessage } from "./message.ts";

/**
 * Plain SMTP as it was before TLS, and as our program never speaks: a sender of the lab's own for the column P0. It asks for
 * MX and A, believes what it is told, and gives the message in clear to the first host that takes it.
 */
export async function sendPlainly(
  world: World,
  message: LabMessage,
  clock: Clock,
  domain: string = message.to.slice(message.to.indexOf("@") + 1),
): Promise<{ readonly state: "delivered" | "deferred" | "failed"; readonly text: string }> {
  const mx = await follow(world.dnsPort, domain, DNS_TYPES.MX, clock);
  if (mx.rcode === NXDOMAIN) return { state: "failed", text: "the domain does not exist" };
  if (mx.rcode !== 0) return { state: "deferred", text: "the look-up of MX failed" };
  const hosts = mx.records.map(({ rdata, name }) => ({ preference: rdata.readUInt16BE(0), name }));
  // RFC 7505 §3
  if (hosts.length === 1 && hosts[0]?.name === "") return { state: "failed", text: "the domain takes no mail" };
  // RFC 5321 §5.1
  if (hosts.length === 0) hosts.push({ preference: 0, name: domain });
  let last = "no host has an address";
  let absent = true;
  for (const { name } of hosts.sort((a, b) => a.preference - b.preference)) {
    const found = await ask(world.dnsPort, name, DNS_TYPES.A, clock);
    if (found.rcode !== 0 && found.rcode !== NXDOMAIN) absent = false;
    for (const { rdata } of found.records) {
      absent = false;
      const tried = await tryHost(world, { name, address: [...rdata].join("."), message, clock });
      if (tried === "taken") return { state: "delivered", text: `given to ${name} in clear` };
      last = tried;
    }
  }
  return { state: absent ? "failed" : "deferred", text: last };
}

interface Try {
  readonly name: string;
  readonly address: string;
  readonly message: LabMessage;
  readonly clock: Clock;
}

async function tryHost(world: World, { name, address, message, clock }: Try): Promise<string> {
  const late = new AbortController();
  using _timer = clock.after(PATIENCE, () => late.abort());
  try {
    const socket = await world.dial({ host: name, address, port: 25, mode: "starttls" }, late.signal);
    late.signal.addEventListener("abort", () => void socket.destroy());
    using dialogue = dialogueWith(socket);
    const greeting = await dialogue.say();
    if (greeting.code !== 220) return greeting.text;
    const lines = [
      "HELO plain.sender.test",
      `MAIL FROM:<${message.from}>`,
      `RCPT TO:<${message.to}>`,
      "DATA",
      `${message.content}.\r\n`,
    ];
    for (const line of lines) {
      const reply = await dialogue.say(line);
      if (reply.code >= 400) return reply.text;
    }
    return "taken";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Found {
  readonly rcode: number;
  readonly records: readonly { readonly rdata: Buffer; readonly name: string }[];
}

/** As `ask`, and at the end of aliases. */
async function follow(port: number, name: string, type: number, clock: Clock): Promise<Found> {
  const found = await ask(port, name, type, clock);
  if (found.records.length > 0 || found.rcode !== 0) return found;
  const [alias] = (await ask(port, name, DNS_TYPES.CNAME, clock)).records;
  return alias === undefined ? found : await ask(port, alias.name, type, clock);
}

/** One question over UDP; what does not come is a failure. */
async function ask(port: number, name: string, type: number, clock: Clock): Promise<Found> {
  const socket = createSocket("udp4");
  const question = Buffer.concat([encodeName(name), Uint8Array.of(type >> 8, type & 255, 0, 1)]);
  const head = Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  using _timer = clock.after(PATIENCE, () => resolve(undefined));
  socket.on("message", (reply) => resolve(reply)).on("error", () => resolve(undefined));
  socket.send(Buffer.concat([head, question]), port, "127.0.0.1");
  try {
    const reply = await promise;
    if (reply === undefined || ((reply[2] ?? 0) & 2) !== 0) return { rcode: SERVFAIL, records: [] };
    return { rcode: (reply[3] ?? 0) & 15, records: recordsIn(reply, 12 + question.length, type) };
  } finally {
    socket.close();
  }
}

/** The lab's own DNS compresses nothing; aliases are passed over. */
function recordsIn(reply: Buffer, from: number, type: number): Found["records"] {
  const records: { rdata: Buffer; name: string }[] = [];
  let at = from;
  for (let left = reply.readUInt16BE(6); left > 0; left--) {
    at = nameAt(reply, at).end;
    const length = reply.readUInt16BE(at + 8);
    const rdata = reply.subarray(at + 10, at + 10 + length);
    if (reply.readUInt16BE(at) === type)
      records.push({ rdata, name: nameAt(rdata, type === DNS_TYPES.MX ? 2 : 0).name });
    at += 10 + length;
  }
  return records;
}

function nameAt(octets: Buffer, from: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = from;
  while ((octets[at] ?? 0) > 0) {
    const length = octets[at] ?? 0;
    labels.push(octets.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 1 };
}

/** Of any one step; lab time. */
const PATIENCE = 60_000;
const SERVFAIL = 2;
const NXDOMAIN = 3;
