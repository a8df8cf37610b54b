import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { seededRandom, systemClock } from "../../../src/base/mod.ts";
import { domain, formatMailbox, type Mailbox, type NoTlsTaking, parseMailbox } from "../../../src/mail/mod.ts";
import { type Destination, newQueueId, type QueuedMessage, type QueueId } from "../../../src/queue/mod.ts";
import { openSqliteStore } from "../../../src/queue/store/mod.ts";
import { createReception, type LocalDomain, type RecipientRules } from "../../../src/receive/mod.ts";
import { generateReceived } from "../../../src/trace/mod.ts";
import { certificates, type Dialogue, dial, type Listening, listening, talk } from "../smtp-server/_dialogue.ts";

const random = seededRandom(8689);

export interface HouseOptions {
  /** REQUIRETLS is offered; default yes. */
  readonly requireTls?: boolean;
  readonly taking?: NoTlsTaking;
  /** The client may send anywhere; default no. */
  readonly known?: boolean;
  readonly tls?: "starttls" | "implicit";
}

/** The receiving side over real sockets, TLS and disk. */
export interface House {
  readonly server: Listening;
  readonly ca: string;
  /** Stops everything, opens the store anew, and shows what lies there, by id. */
  reopened(): Promise<ReadonlyMap<string, QueuedMessage>>;
  [Symbol.asyncDispose](): Promise<void>;
}

export function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text, { utf8: true });
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function local(name: string, aliases: Readonly<Record<string, readonly string[]>>, srs = false): LocalDomain {
  return {
    name: domain(name),
    aliases: new Map(Object.entries(aliases).map(([from, to]) => [from, to.map(mailbox)])),
    exists: (localPart) => ["ann", "bo"].includes(localPart),
    canonical: (localPart) => localPart.toLowerCase(),
    srs,
  };
}

const RULES: RecipientRules = {
  hostname: domain("mx.rook.example"),
  postmaster: mailbox("bo@rook.example"),
  domains: new Map(
    [
      local("rook.example", {
        info: ["bo@rook.example"],
        team: ["ann@rook.example", "x@pine.example", "y@elm.example"],
        deep: ["team@rook.example"],
        away: ["x@pine.example"],
      }),
      local("fwd.example", { team: ["ann@rook.example", "x@pine.example"], away: ["x@pine.example"] }, true),
    ].map((one) => [one.name, one]),
  ),
};

export async function house(options: HouseOptions = {}): Promise<House> {
  const directory = await mkdtemp(join(tmpdir(), "hopseal-receive-"));
  const open = async (): ReturnType<typeof openSqliteStore> =>
    await openSqliteStore({ directory: join(directory, "shard"), clock: systemClock, random });
  const store = await open();
  const tls = await certificates();
  const role = options.tls === "implicit" ? "submissions" : "mx";
  const server = await listening({
    role,
    tls: options.tls ?? "starttls",
    certificates: tls,
    requireTls: options.requireTls ?? true,
    reception: createReception({
      role,
      hostname: domain("mx.rook.example"),
      store,
      clock: systemClock,
      limits: { headerFields: 1000, hops: 50, expandedRecipients: 1000 },
      isRelayClient: () => options.known === true,
      tlsRequiredNo: options.taking ?? "all",
      rules: () => RULES,
      srs: () => ["a secret of this test"],
      newId: () => newQueueId(systemClock, random),
      destinationOf: (to) => to.domain as string as Destination,
      offsetAt: () => 0,
      writeReceived: (facts) => Buffer.from(generateReceived(facts)),
    }),
  });
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    await server[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  };
  return {
    server,
    ca: tls.ca,
    async reopened() {
      await close();
      await using again = await open();
      const all = await again.list({ limit: 1000 });
      return new Map(all.map((message) => [message.id as string, message]));
    },
    async [Symbol.asyncDispose]() {
      await close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A dialogue after EHLO, inside TLS where that is wanted; the keywords that EHLO told. */
export async function greeted(
  { server, ca }: Pick<House, "server" | "ca">,
  mode: "plain" | "starttls" | "implicit" | "helo",
): Promise<{ readonly client: Dialogue; readonly keywords: readonly string[] }> {
  const tls = { ca, servername: "mx.rook.example", ALPNProtocols: ["smtp"] };
  let client: Dialogue;
  if (mode === "implicit") {
    client = talk(connect({ ...tls, host: "127.0.0.1", port: server.address.port }));
    await client.reply();
  } else {
    client = await dial(server.address);
    await client.reply();
    if (mode !== "plain") {
      assert.equal(await client.ask("EHLO out.pine.example"), 250);
      assert.equal(await client.ask("STARTTLS"), 220);
      client.socket.removeAllListeners("data");
      const socket = connect({ ...tls, socket: client.socket });
      await once(socket, "secureConnect");
      client = talk(socket);
    }
  }
  client.send(mode === "helo" ? "HELO out.pine.example\r\n" : "EHLO out.pine.example\r\n");
  return { client, keywords: (await client.reply())?.lines.slice(1) ?? [] };
}

/** Says a line and gives the whole reply as "250 2.1.0 Sender ok". */
export async function say(client: Dialogue, line: string): Promise<string> {
  client.send(`${line}\r\n`);
  const reply = await client.reply();
  return reply === undefined ? "gone" : `${reply.code} ${reply.lines.join(" ")}`;
}

export function idsOf(reply: string): readonly QueueId[] {
  return (/Queued as (?<ids>[A-Za-z0-9, ]+)$/.exec(reply)?.groups?.["ids"] ?? "").split(", ") as QueueId[];
}

export function recipientsOf({ envelope }: QueuedMessage): readonly string[] {
  return envelope.recipients.map((one) => formatMailbox(one.mailbox));
}
