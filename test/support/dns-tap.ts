import { connect } from "node:net";
import type { Bytes } from "../../src/base/mod.ts";
import { createDeframer, frameMessage } from "../../src/dns/io/frame.ts";
import { decodeMessage } from "../../src/dns/wire/decode.ts";
import type { Message, RawRecord } from "../../src/dns/wire/message.ts";
import { absoluteText } from "../../src/dns/wire/name.ts";
import { decodeRrsig } from "../../src/dns/wire/rdata-dnssec.ts";
import { TYPE, typeName } from "../../src/dns/wire/types.ts";
import type { ScriptedServer, Via } from "./dns-server.ts";
import { scriptedServer } from "./dns-server.ts";

/** What an attacker on the path makes of one reply: other replies in its place, or none. */
export type Tamper = (
  reply: Message,
  help: { readonly via: Via; readonly octets: Bytes; ask(name: string, type: number): Promise<Message> },
) => readonly (Message | Bytes)[] | Promise<readonly (Message | Bytes)[]>;

/** Stands between a client and the resolver on `port`, and lets `tamper` have its way with every reply. */
export function tapBefore(port: number, tamper: () => Tamper): Promise<ScriptedServer> {
  const ask = async (query: Bytes): Promise<{ octets: Bytes; message: Message }> => {
    const octets = await forward(query, port);
    const decoded = decodeMessage(octets);
    if (!decoded.ok) throw new Error(`The resolver sent a malformed message: ${decoded.error.kind}`);
    return { octets, message: decoded.value };
  };
  return scriptedServer(async (_query, via, octets) => {
    const asked = await ask(octets).catch(silence);
    if (asked === undefined) return [];
    const { message, octets: reply } = asked;
    return tamper()(message, {
      via,
      octets: reply,
      ask: async (name, type) => (await ask(questionFor(octets, name, type))).message,
    });
  });
}

/** Removes records from every section. */
export function without(message: Message, drop: (record: RawRecord) => boolean): Message {
  const keep = (records: readonly RawRecord[]): readonly RawRecord[] => records.filter((record) => !drop(record));
  return {
    ...message,
    answer: keep(message.answer),
    authority: keep(message.authority),
    additional: keep(message.additional),
  };
}

/** Such as `mx.a13.example. A`. */
export function askedOf(message: Message): string {
  const [question] = message.question;
  return question === undefined ? "" : `${absoluteText(question.name).toLowerCase()} ${typeName(question.type)}`;
}

export function covers(record: RawRecord, type: number): boolean {
  return record.type === TYPE.RRSIG && decodeRrsig(record.rdata)?.typeCovered === type;
}

/** A resolver that is gone, or breaks off, says nothing. */
function silence(error: unknown): undefined {
  if (error instanceof Error && "syscall" in error) return undefined;
  throw error;
}

/** Asks over TCP, so that nothing is cut before the attacker has it. */
function forward(query: Bytes, port: number): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const deframer = createDeframer();
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      const [message] = deframer.push(new Uint8Array(chunk));
      if (message === undefined) return;
      socket.destroy();
      resolve(message);
    });
    socket.write(frameMessage(query));
  });
}

/** The same query for another name and type; its id and options stay. */
function questionFor(query: Bytes, name: string, type: number): Bytes {
  const labels = name.split(".").filter((label) => label !== "");
  const question = labels.flatMap((label) => [label.length, ...Buffer.from(label)]);
  let end = 12;
  while (query[end] !== 0 && end < query.length) end += (query[end] ?? 0) + 1;
  return Uint8Array.from([
    ...query.subarray(0, 12),
    ...question,
    0,
    type >> 8,
    type & 255,
    0,
    1,
    ...query.subarray(end + 5),
  ]);
}
