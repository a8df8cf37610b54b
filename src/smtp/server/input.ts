import type { Bytes } from "../../base/mod.ts";
import type { ContentFacts } from "../../mail/mod.ts";
import type { Limit } from "../../observe/mod.ts";
import type { Status } from "../../status/mod.ts";
import type { TlsSession } from "../../tls/mod.ts";
import type { LineFault } from "../grammar/mod.ts";

/** The bounds on time. */
export type TimeLimit = Extract<Limit, "command-time" | "connection-time" | "content-rate" | "handshake-time">;

/** What a session may learn. `behind`: more octets of the client are in the buffer already. */
export type ServerInput =
  /** Answer to `ask-admission`; a Status refuses. */
  | { readonly kind: "admission"; readonly refusal: Status | undefined; readonly behind: boolean }
  | { readonly kind: "line"; readonly text: string; readonly behind: boolean }
  | { readonly kind: "line-fault"; readonly fault: LineFault; readonly behind: boolean }
  | { readonly kind: "content"; readonly octets: Bytes }
  | { readonly kind: "content-end"; readonly facts: ContentFacts; readonly behind: boolean }
  /** The sink failed while content came in; it is gone. */
  | { readonly kind: "sink-failed"; readonly status: Status }
  /** Answer to `ask-sender`; a Status refuses. */
  | { readonly kind: "sender"; readonly refusal: Status | undefined; readonly behind: boolean }
  /** Answer to `ask-recipient`; only a success status accepts. */
  | { readonly kind: "recipient"; readonly status: Status; readonly behind: boolean }
  /** Answer to `ask-sink`; a Status refuses. */
  | { readonly kind: "sink"; readonly refusal: Status | undefined; readonly behind: boolean }
  /** Answer to `finish`. */
  | { readonly kind: "finished"; readonly status: Status; readonly behind: boolean }
  | { readonly kind: "tls"; readonly tls: TlsSession }
  /** Answer to `start-tls`: nothing was said, and TLS cannot be had now. */
  | { readonly kind: "tls-unavailable" }
  /** The time for what the state waits for ran out. */
  | { readonly kind: "deadline"; readonly limit: TimeLimit }
  /** The program is shutting down; given only to states that read commands. */
  | { readonly kind: "shutdown" }
  /** The client is gone, or says no more; given only to states that do not wait for the house. */
  | { readonly kind: "lost" };
