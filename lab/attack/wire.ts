import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { OneAttack, WireAttack } from "../types.ts";
import type { CellRecorder } from "../world/record.ts";
import { type WireEffect, wireScript } from "./script.ts";

/** The network before one host: records every octet, and does what the attack says. */
export interface Wire extends AsyncDisposable {
  readonly port: number;
  /** From the next connection on. */
  attack: WireAttack | undefined;
}

export interface WireOptions {
  readonly attack?: WireAttack;
  /** Where the host listens; connections of an attacker who ends TLS himself go to `impostor`. */
  readonly host: number;
  readonly impostor?: number;
  readonly record: CellRecorder;
  readonly stir: () => void;
}

export async function openWire(options: WireOptions): Promise<Wire> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  };
  const wire = { attack: options.attack };
  const next = turns();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (sender) => {
    const attack = next(wire.attack);
    const port = attack?.kind === "terminate" ? (options.impostor ?? 1) : options.host;
    const host = connect({ host: "127.0.0.1", port, noDelay: true, allowHalfOpen: true });
    keep(sender);
    keep(host);
    relay(sender, host, { ...options, attack });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(wire, {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** What is done to each connection as it comes. */
function turns(): (attack: WireAttack | undefined) => OneAttack | undefined {
  const counts = new Map<WireAttack, number>();
  return (attack) => {
    if (attack?.kind !== "in-turn") return attack;
    const count = counts.get(attack) ?? 0;
    counts.set(attack, count + 1);
    return attack.turns[count] ?? attack.turns.at(-1);
  };
}

interface Relaying extends Pick<WireOptions, "record" | "stir"> {
  readonly attack: OneAttack | undefined;
}

function relay(sender: Socket, host: Socket, { attack, record, stir }: Relaying): void {
  const script = wireScript(attack?.kind === "script" ? attack.steps : []);
  const out = record.track("wire");
  const back = record.track("wire");
  const split = attack?.kind === "script" && attack.split !== undefined;
  let deaf = false;
  const perform = (effects: readonly WireEffect[]): void => {
    for (const effect of effects) {
      if (deaf) return;
      switch (effect.kind) {
        case "to-host":
          host.write(effect.octets);
          break;
        case "to-sender":
          // What the network shows the sender is what it saw of him, and what he was shown.
          back(effect.octets);
          writeTo(sender, effect.octets, split);
          break;
        case "content":
          record.content({ recorder: "wire.clear", channel: "clear", octets: effect.octets });
          break;
        case "blackhole":
          deaf = true;
          break;
        case "reset":
        case "close":
          deaf = true;
          if (effect.kind === "reset") sender.resetAndDestroy();
          else sender.end();
          host.destroy();
          break;
        default:
          effect satisfies never;
      }
    }
  };
  sender.on("data", (chunk: Buffer) => {
    stir();
    out(chunk);
    perform(script.fromSender(chunk));
  });
  host.on("data", (chunk: Buffer) => {
    stir();
    perform(script.fromHost(chunk));
  });
  ends(sender, host, () => deaf);
  ends(host, sender, () => deaf);
  perform(script.start());
}

function ends(one: Socket, other: Socket, deaf: () => boolean): void {
  one.on("end", () => deaf() || other.end());
  one.on("error", () => undefined);
  one.on("close", (failed) => {
    if (failed && !deaf()) other.resetAndDestroy();
    else if (!deaf()) other.destroySoon();
  });
}

/** Each octet is a segment of its own when `split`. */
function writeTo(socket: Socket, octets: Buffer, split: boolean): void {
  if (!split) return void socket.write(octets);
  for (const octet of octets) socket.write(Uint8Array.of(octet));
}
