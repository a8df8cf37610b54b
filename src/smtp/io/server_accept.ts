import type { Socket } from "node:net";
import { unmapped } from "../../mail/mod.ts";
import { publish } from "../../observe/mod.ts";
import { type Status, statusOf } from "../../status/mod.ts";
import type { Admission, Peer } from "../server/mod.ts";
import { type ConnectionOptions, type ServedConnection, serveConnection } from "./server_connection.ts";
import type { Descriptors } from "./server_descriptors.ts";
import { readProxyHeader } from "./server_proxy.ts";
import { BUSY, refuser } from "./server_refuse.ts";

export interface AcceptOptions {
  readonly role: string;
  readonly connection: ConnectionOptions;
  readonly admission: Admission;
  /** Peers that must begin with a PROXY header, which is believed; nobody else's is. */
  readonly proxyFrom: ((address: string) => boolean) | undefined;
  readonly descriptors: Descriptors;
  /** Connections at a time whose header or admission is not there yet. */
  readonly waiting: number;
}

/** Takes accepted connections through header and admission to their sessions, or turns them away. */
export interface Acceptor {
  accept(socket: Socket): void;
  /** Sessions of clients that were let in. */
  readonly active: number;
  /** Turns away whoever comes from now on, and ends who waits to be let in. */
  shut(): void;
  /** Every session there is. */
  sessions(): readonly ServedConnection[];
}

type Client = Pick<Peer, "address" | "port" | "proxy">;

export function acceptor(options: AcceptOptions): Acceptor {
  const { role, connection, admission, proxyFrom, descriptors } = options;
  const { clock, implicit } = connection;
  const serving = new Set<ServedConnection>();
  const waiting = new Set<Socket>();
  const no = refuser(connection);
  let shut = false;

  const serve = (socket: Socket, client: Client): void => {
    const session = serveConnection(socket, { ...connection, told: client });
    serving.add(session);
    publish("hopseal:connection", { change: "opened", role });
    void session.done.then(() => {
      serving.delete(session);
      publish("hopseal:connection", { change: "closed", role, tls: session.tls, ended: session.ended });
      admission.leave(client.address);
    });
    // What came behind a header waits in the socket; under TLS the handshake fetches it.
    if (client.proxy !== undefined && !implicit) socket.resume();
  };
  const answered = (socket: Socket, client: Client, refusal: Status | undefined): void => {
    if (refusal !== undefined) no.refuse(socket, client, refusal);
    else if (!shut) serve(socket, client);
    else {
      admission.leave(client.address);
      no.turnAway(socket, CLOSING);
    }
  };
  /** Counts the socket among those who wait until the answer is there. */
  const hold = <T>(socket: Socket, answer: Promise<T>, then: (value: T) => void): void => {
    waiting.add(socket);
    void answer.then((value) => {
      waiting.delete(socket);
      then(value);
    });
  };
  const enter = (socket: Socket, client: Client): void => {
    const answer = ask(admission, client.address);
    if (answer instanceof Promise) hold(socket, answer, (refusal) => answered(socket, client, refusal));
    else answered(socket, client, answer);
  };
  const proxied = (socket: Socket, proxy: string): void =>
    hold(socket, readProxyHeader(socket, clock), (read) => {
      if (read?.ok === true && !shut) {
        const { value } = read;
        const own = { address: proxy, port: socket.remotePort ?? 0 };
        enter(socket, value.kind === "told" ? { address: value.address, port: value.port, proxy } : { ...own, proxy });
        return;
      }
      if (read?.ok === false) publish("hopseal:limited", { limit: "proxy", client: proxy, text: read.error });
      socket.destroy();
    });

  return {
    accept(socket) {
      socket.on("error", ignore);
      // It was gone before anybody looked.
      if (socket.remoteAddress === undefined) {
        socket.destroy();
        return;
      }
      const address = unmapped(socket.remoteAddress);
      if (shut) no.turnAway(socket, CLOSING);
      else if (descriptors.short()) {
        publish("hopseal:limited", { limit: "descriptors", client: address });
        no.turnAway(socket, BUSY);
      } else if (waiting.size >= options.waiting) {
        publish("hopseal:limited", { limit: "connections", client: address, text: "too many wait to be let in" });
        no.turnAway(socket, BUSY);
      } else if (proxyFrom?.(address) === true) proxied(socket, address);
      else enter(socket, { address, port: socket.remotePort ?? 0 });
    },
    get active() {
      return serving.size;
    },
    shut() {
      shut = true;
      for (const socket of waiting) socket.destroy();
    },
    sessions: () => [...serving, ...no.sessions()],
  };
}

/** A fault of our own keeps the client out for now, never lets it in. */
function ask(admission: Admission, address: string): Status | undefined | Promise<Status | undefined> {
  const failed = (error: unknown): Status => {
    publish("hopseal:fault", { where: "smtp listener, admission", text: String(error) });
    return { ...statusOf("local-error"), code: 421 };
  };
  try {
    const answer = admission.enter(address);
    return answer instanceof Promise ? answer.catch(failed) : answer;
  } catch (error) {
    return failed(error);
  }
}

function ignore(): void {}

const CLOSING = statusOf("shutting-down");
