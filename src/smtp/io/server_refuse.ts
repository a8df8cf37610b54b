import type { Socket } from "node:net";
import { type Status, statusOf } from "../../status/mod.ts";
import { formatStatus } from "../grammar/mod.ts";
import type { Reception } from "../server/mod.ts";
import { type ConnectionOptions, type ServedConnection, serveConnection } from "./server_connection.ts";

/** Says to connections that they are not served. */
export interface Refuser {
  /** Says it, and closes. */
  turnAway(socket: Socket, status: Status): void;
  /** As `turnAway` for 421; anything else is a greeting, whose client may still say QUIT. */
  refuse(socket: Socket, client: ConnectionOptions["told"], status: Status): void;
  /** The sessions of those who are still to say QUIT. */
  sessions(): readonly ServedConnection[];
}

export function refuser(options: ConnectionOptions): Refuser {
  const parting = new Set<ServedConnection>();
  const away = (socket: Socket, status: Status): void => turnAway(socket, status, options.implicit);
  return {
    turnAway: away,
    refuse(socket, client, status) {
      // RFC 5321 §3.1: who got 554 is owed an answer to its QUIT.
      if (status.code === 421 || options.implicit || parting.size >= MOST_PARTING) return away(socket, status);
      const told = client === undefined ? {} : { told: client };
      const session = serveConnection(socket, { ...options, ...refusing(options, status), ...told });
      parting.add(session);
      void session.done.then(() => parting.delete(session));
      if (client?.proxy !== undefined) socket.resume();
    },
    sessions: () => [...parting],
  };
}

/** Says why to a connection that is not served, and closes it; before TLS nothing can be said to who expects it. */
export function turnAway(socket: Socket, status: Status, implicit: boolean): void {
  if (implicit) socket.destroy();
  else socket.end(formatStatus(status), () => socket.destroy());
}

/** A session that greets with `status` and then serves QUIT alone, not for long. */
function refusing({ config }: ConnectionOptions, status: Status): Pick<ConnectionOptions, "config" | "reception"> {
  const reception: Reception = { connected: () => status, mail: () => status };
  const tls = { starttls: false, required: false };
  return { reception, config: { ...config, tls, limits: { ...config.limits, errors: 3, commandTime: 30_000 } } };
}

/** There is no room for the connection at the moment. */
export const BUSY: Status = { ...statusOf("system-busy"), code: 421 };
/** Further ones are closed behind their 554. */
const MOST_PARTING = 100;
