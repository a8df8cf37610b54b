import { type Millis, unreachable } from "../../base/mod.ts";
import type { Status } from "../../status/mod.ts";
import type { Reading } from "../grammar/mod.ts";
import type { ServerConfig } from "./config.ts";
import type { MailRequest, Peer } from "./reception.ts";

/**
 * A session, named for what it waits for. Those that begin with `await-` wait for an answer of the house or of TLS and read
 * nothing; the others read octets of the client. Every one holds only what is valid in it.
 */
export type ServerState =
  | { readonly kind: "await-admission"; readonly session: Session }
  /** The greeting refused the client; it is to say QUIT (RFC 5321 §3.1). */
  | { readonly kind: "turned-away"; readonly session: Session }
  /** Before the first EHLO or HELO, and again after TLS. */
  | { readonly kind: "hello-expected"; readonly session: Session }
  /** Between transactions. */
  | { readonly kind: "ready"; readonly session: Session }
  | { readonly kind: "await-sender"; readonly session: Session; readonly request: MailRequest }
  /** After MAIL, before content. */
  | { readonly kind: "in-transaction"; readonly session: Session; readonly transaction: Transaction }
  | { readonly kind: "await-recipient"; readonly session: Session; readonly transaction: Transaction }
  | {
      readonly kind: "await-sink";
      readonly session: Session;
      readonly transaction: Transaction;
      /** undefined means DATA. */
      readonly chunk: Chunk | undefined;
    }
  | { readonly kind: "receiving-data"; readonly session: Session; readonly intake: Intake }
  | { readonly kind: "receiving-chunk"; readonly session: Session; readonly intake: Intake; readonly chunk: Chunk }
  /** Between two BDATs of one message. */
  | { readonly kind: "chunk-expected"; readonly session: Session; readonly intake: Intake }
  | { readonly kind: "await-finish"; readonly session: Session }
  /** 220 was said to STARTTLS. */
  | { readonly kind: "await-tls"; readonly session: Session }
  | { readonly kind: "closed" };

/** The states that read a command. */
export type CommandState = Extract<
  ServerState,
  { readonly kind: "turned-away" | "hello-expected" | "ready" | "in-transaction" | "chunk-expected" }
>;

/** What lives as long as the connection. */
export interface Session {
  readonly config: ServerConfig;
  readonly peer: Peer;
  /** PIPELINING was offered: the newest greeting of the client was EHLO (RFC 2920 §3). */
  readonly pipelining: boolean;
  readonly transactions: number;
  readonly errors: number;
  readonly refusedRecipients: number;
  /** Commands since the last message that brought none forward. */
  readonly junk: number;
}

export interface Transaction {
  readonly request: MailRequest;
  readonly accepted: number;
  /** RCPT was tried, with whatever result. */
  readonly tried: boolean;
}

/** One BDAT (RFC 3030 §2). */
export interface Chunk {
  readonly size: number;
  readonly last: boolean;
}

/** Content on its way in. Once `refusal` is set the sink is gone, and the rest is read for the sake of the framing alone. */
export interface Intake {
  /** What came of this message so far. */
  readonly size: number;
  readonly refusal: Status | undefined;
  /** Whether a transaction of the house is open that must be reset. */
  readonly open: boolean;
}

/** How the octets of the client are to be read now. */
export function readingOf(state: ServerState): Reading {
  switch (state.kind) {
    case "turned-away":
    case "hello-expected":
    case "ready":
    case "in-transaction":
    case "chunk-expected":
      return COMMAND;
    case "receiving-data":
      return DATA;
    case "receiving-chunk":
      return { kind: "chunk", size: state.chunk.size };
    case "await-admission":
    case "await-sender":
    case "await-recipient":
    case "await-sink":
    case "await-finish":
    case "await-tls":
    case "closed":
      return NOTHING;
    default:
      return unreachable(state);
  }
}

/** How long this state may last without progress: a whole command, any octet of content, the handshake. */
export function patienceOf(state: ServerState): Millis | undefined {
  if (state.kind === "closed") return undefined;
  const { limits } = state.session.config;
  if (state.kind === "await-tls") return limits.handshakeTime;
  const { kind } = readingOf(state);
  if (kind === "command") return limits.commandTime;
  return kind === "nothing" ? undefined : limits.contentPause;
}

/** The part of a session that `state` belongs to, for logs. */
export function stageOf(state: ServerState): "connect" | "command" | "mail" | "rcpt" | "data" | "tls" {
  switch (state.kind) {
    case "await-admission":
    case "turned-away":
      return "connect";
    case "hello-expected":
    case "ready":
    case "in-transaction":
    case "closed":
      return "command";
    case "await-sender":
      return "mail";
    case "await-recipient":
      return "rcpt";
    case "await-sink":
    case "receiving-data":
    case "receiving-chunk":
    case "chunk-expected":
    case "await-finish":
      return "data";
    case "await-tls":
      return "tls";
    default:
      return unreachable(state);
  }
}

const COMMAND = { kind: "command" } as const;
const DATA = { kind: "data" } as const;
const NOTHING = { kind: "nothing" } as const;
