import type { Duplex } from "node:stream";
import { type Bytes, type Clock, err, ok, type Result, unreachable } from "../../base/mod.ts";
import type { Finding } from "../../policy/mod.ts";
import type { Login } from "../../sasl/mod.ts";
import type { Status } from "../../status/mod.ts";
import type {
  ClientEffect,
  Conversation,
  ConversationInput,
  Extensions,
  Stage,
  TransactionRequest,
  TransactionResult,
} from "../client/mod.ts";
import { type ContentPump, contentPump } from "./client_content.ts";
import { clientWire } from "./client_wire.ts";

/** Why a session is not to be. */
export interface SessionFault {
  readonly stage: Stage;
  readonly status: Status;
  readonly findings: readonly Finding[];
  /** The library's code for what broke. */
  readonly code?: string;
}

export interface DriverOptions {
  readonly conversation: Conversation;
  readonly clock: Clock;
  /** Takes the plaintext socket to TLS and judges the peer; what it returns is used from then on. On a fault it ends the socket. */
  readonly secure: (socket: Duplex) => Promise<Result<Duplex, SessionFault>>;
  /** Asked once, by a session that authenticates. */
  readonly login?: () => Promise<Login>;
}

/** Carries out what the machine asks for, on one connection. */
export interface Driver {
  /** Up to the last EHLO. */
  start(): Promise<Result<Extensions, SessionFault>>;
  /** One transaction at a time. */
  transact(request: TransactionRequest, open: () => AsyncIterable<Bytes>): Promise<TransactionResult>;
  quit(): Promise<void>;
  abort(status: Status): void;
  readonly usable: boolean;
}

export function drive(first: Duplex, options: DriverOptions): Driver {
  const { conversation } = options;
  const started = slot<Result<Extensions, SessionFault>>();
  const transacted = slot<TransactionResult>();
  const ended = slot<void>();
  const ending = ended.wait();
  let pump: ContentPump | undefined;
  let over = false;

  const feed = (input: ConversationInput): void => {
    if (!over || input.kind === "transact") for (const effect of conversation.handle(input)) perform(effect);
  };
  const wire = clientWire(first, { clock: options.clock, feed });
  const perform = (effect: ClientEffect): void => {
    switch (effect.kind) {
      case "write":
        return wire.write(effect.parts);
      case "deadline":
        return wire.deadline(effect.after, effect.what);
      case "no-deadline":
        return wire.noDeadline();
      case "start-tls":
        return void secure(wire.release());
      case "ready":
        return started.fill(ok(effect.extensions));
      case "failed":
        return started.fill(err(faultOf(effect, wire.faultCode)));
      case "ask-login":
        return void loginFrom(options.login).then(feed);
      case "pull":
        return pump === undefined ? undefined : void pullFrom(pump);
      case "done":
        pump?.stop();
        pump = undefined;
        return transacted.fill(effect.result);
      case "close":
        over = true;
        wire.hangUp(effect.politely);
        return ended.fill();
      default:
        return unreachable(effect);
    }
  };
  const pullFrom = async (source: ContentPump): Promise<void> => {
    const input = await source.next(wire.room);
    // The transaction may have ended, and another begun, meanwhile.
    if (source === pump) feed(input);
  };
  const secure = async (plain: Duplex): Promise<void> => {
    const secured = await options.secure(plain);
    if (over) return secured.ok ? void secured.value.destroy() : undefined;
    if (secured.ok) {
      wire.take(secured.value);
      return feed({ kind: "secured" });
    }
    over = true;
    started.fill(secured);
    return ended.fill();
  };
  return {
    start() {
      const result = started.wait();
      wire.take(first);
      feed({ kind: "connected" });
      return result;
    },
    transact(request, open) {
      const result = transacted.wait();
      pump = contentPump(open);
      feed({ kind: "transact", request });
      return result;
    },
    quit() {
      feed({ kind: "quit" });
      return ending;
    },
    abort: (status) => feed({ kind: "abort", status }),
    get usable() {
      return !over;
    },
  };
}

function faultOf({ stage, status }: Pick<SessionFault, "stage" | "status">, code: string | undefined): SessionFault {
  return { stage, status, findings: [], ...(code === undefined ? {} : { code }) };
}

/** The login as the machine takes it; never rejects. */
async function loginFrom(ask: DriverOptions["login"]): Promise<ConversationInput> {
  try {
    if (ask === undefined) throw new Error("there is none");
    return { kind: "login", login: await ask() };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: "login-failed", detail: `cannot get the login for this host: ${why}` };
  }
}

/** One result at a time that somebody waits for. */
function slot<T>(): { wait(): Promise<T>; fill(value: T): void } {
  let resolve: ((value: T) => void) | undefined;
  return {
    wait() {
      if (resolve !== undefined) throw new Error("Something is under way on this session already");
      return new Promise((fulfil) => {
        resolve = fulfil;
      });
    },
    fill(value) {
      resolve?.(value);
      resolve = undefined;
    },
  };
}
