import { publish } from "../observe/mod.ts";
import type { Peer, Reception } from "../smtp/server/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import type { PauseBook } from "./pauses.ts";

/** The reception, which takes nothing while receiving is paused: new clients get 421, and so does the next MAIL of others. */
export function pausableReception(inner: Reception, pauses: Pick<PauseBook, "now" | "draining">): Reception {
  const refusal = ({ address }: Peer): Status | undefined => {
    if (!pauses.draining && !pauses.now.receiving) return undefined;
    const status = statusOf(pauses.draining ? "shutting-down" : "paused");
    publish("hopseal:limited", { limit: "paused", client: address, text: status.text });
    return status;
  };
  return {
    connected: (peer) => refusal(peer) ?? inner.connected(peer),
    mail: (peer, request) => refusal(peer) ?? inner.mail(peer, request),
  };
}
