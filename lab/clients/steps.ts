import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { type Mailbox, parseMailbox } from "../../src/mail/mod.ts";
import type { Client } from "./client.ts";
import { clientHello } from "./hello.ts";
import { mishears } from "./hears.ts";
import type { House } from "./house.ts";
import { retained } from "./memory.ts";
import { resumed } from "./resume.ts";
import type { ClientStep } from "./types.ts";

/** A client in the middle of its play. */
export interface Player {
  client: Client;
  readonly canary: string;
  /** Where the octets of the step that is split are cut; "all" between any two. */
  readonly cut?: number | "all";
}

/** Steps that concern one client; the others are the play's. */
export type OwnStep = Exclude<ClientStep, { kind: "trickle" | "passes" | "honest" }>;

/** Does it; the text says what was not as it must be. */
export async function doStep(step: OwnStep, player: Player, house: House): Promise<string | undefined> {
  const { client } = player;
  const spell = (text: string): string => text.replaceAll("CANARY", player.canary);
  switch (step.kind) {
    case "say":
      return await mishears(inTurn(client, step.lines.map(spell)), step.hears);
    case "send":
      await sendCut(client, spell(step.text), step.split === undefined ? undefined : player.cut);
      return step.hears === undefined ? undefined : await mishears(client, step.hears);
    case "hears":
      return await mishears(client, step.hears);
    case "flood":
      return await flood(client, step);
    case "starttls":
      player.client = await client.secure();
      return undefined;
    case "hello": {
      await client.send(clientHello(Buffer.from(step.name, "latin1")));
      const [kind] = (await client.first()) ?? [];
      const answer = kind === HANDSHAKE ? "served" : kind === ALERT ? "alert" : "something else";
      return answer === step.answer ? undefined : `the hello was answered by ${answer}`;
    }
    case "submit":
      return await submit(step, house, spell);
    case "resume":
      return await resumed(house, step.most);
    case "deafen":
      client.deafen();
      await fill(client, Buffer.from(step.unit));
      return undefined;
    case "below":
    case "below-end":
    case "key-updates":
    case "close-notify":
    case "renegotiate":
    case "half-close":
      return await wreck(step, client);
    default:
      return step satisfies never;
  }
}

/** What hurts the connection. */
async function wreck(step: Extract<OwnStep, { kind: Wrecking }>, { socket, raw }: Client): Promise<string | undefined> {
  // What TLS has to send must be with the system before what is below it.
  if (raw !== undefined) await new Promise((resolve) => raw.tcp.write("", resolve));
  switch (step.kind) {
    case "below":
      raw?.tcp.write(step.text, "latin1");
      return undefined;
    case "below-end":
      raw?.tcp.end();
      return undefined;
    case "key-updates":
      raw?.tcp.removeAllListeners("data").resume();
      raw?.tcp.on("close", () => socket.destroy()).on("end", () => raw.tcp.end());
      raw?.tcp.write(raw.keyUpdates(step.count));
      return undefined;
    case "renegotiate":
      (socket as TLSSocket).renegotiate({}, () => undefined);
      return undefined;
    case "close-notify":
      socket.end();
      await turn();
      return undefined;
    case "half-close":
      (socket as Socket).end();
      return undefined;
    default:
      return step satisfies never;
  }
}
type Wrecking = "below" | "below-end" | "key-updates" | "close-notify" | "renegotiate" | "half-close";

/** Says the next line whenever the reply to the last one is asked for. */
function inTurn(client: Client, lines: readonly string[]): Pick<Client, "next"> {
  const left = lines.values();
  return {
    async next() {
      const line = left.next();
      if (line.done !== true) await client.send(`${line.value}\r\n`);
      return await client.next();
    },
  };
}

async function sendCut(client: Client, text: string, cut: Player["cut"]): Promise<void> {
  const parts = cut === undefined ? [text] : cut === "all" ? text.split("") : [text.slice(0, cut), text.slice(cut)];
  for (const part of parts) {
    if (part === "") continue;
    await client.send(part);
    // Both ends live on one loop: after two turns of it the server has read what was sent.
    await turn();
    await turn();
  }
}

async function flood(client: Client, step: Extract<OwnStep, { kind: "flood" }>): Promise<string | undefined> {
  const unit = Buffer.from(step.unit, "latin1");
  const kept = await retained(async () => {
    for (let at = 0; at < step.times && !client.socket.destroyed; at++) await client.send(unit);
    await turn();
  });
  return kept <= step.holds ? undefined : "the server holds what has no end";
}

/** Until neither side's buffers take any more. */
async function fill({ socket }: Client, unit: Buffer): Promise<void> {
  let idle = 0;
  let taken = true;
  while (idle < IDLE && !socket.destroyed) {
    if (taken) {
      [taken, idle] = [false, 0];
      socket.write(unit, () => {
        taken = true;
      });
    }
    idle++;
    await turn();
  }
}

type Submission = Extract<OwnStep, { kind: "submit" }>;

async function submit(
  { from, to, content, envid, hears }: Submission,
  { daemon }: House,
  spell: (text: string) => string,
): Promise<string | undefined> {
  const [sender, recipient] = [mailbox(from), mailbox(to)];
  const taken =
    sender !== undefined &&
    recipient !== undefined &&
    (
      await daemon.operator.submit({
        from: { kind: "mailbox", mailbox: sender },
        to: [recipient],
        demand: "may",
        ...(envid === undefined ? {} : { dsn: { envid } }),
        content: Buffer.from(spell(content), "latin1"),
      })
    ).ok;
  const found = taken ? "taken" : "refused";
  return found === hears ? undefined : `the submission was ${found}`;
}

/** The door of every way in from this machine is the parser of addresses. */
function mailbox(text: string): Mailbox | undefined {
  const parsed = parseMailbox(text, { utf8: true });
  return parsed.ok ? parsed.value : undefined;
}

/** RFC 8446 §5.1 */
const HANDSHAKE = 22;
const ALERT = 21;
/** Turns of the loop in which nothing is taken. */
const IDLE = 2000;
