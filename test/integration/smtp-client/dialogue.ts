import { type Bytes, concat, fromUtf8, utf8 } from "../../../src/base/mod.ts";
import { domain, type Mailbox, NO_DEMAND, type Recipient } from "../../../src/mail/mod.ts";
import {
  type ClientEffect,
  type ClientOptions,
  conversation,
  type ConversationInput,
  TIMEOUTS,
  type TransactionRequest,
} from "../../../src/smtp/client/mod.ts";
import { type Status, statusOf } from "../../../src/status/mod.ts";

/**
 * A conversation as a list of lines, so that it can be compared whole. `S:` and `C:` are what server and client send;
 * `>` is something that happens to the client's machine, `<` something that it wants.
 */
export type Dialogue = readonly string[];

export interface PlayOptions {
  readonly options?: Partial<ClientOptions>;
  /** Taken in turn by `> transact`. */
  readonly requests?: readonly TransactionRequest[];
  /** The content in blocks. */
  readonly content?: readonly Bytes[];
  /** How the server's octets arrive. */
  readonly split?: (octets: Bytes) => readonly Bytes[];
  /** Show the deadlines. */
  readonly deadlines?: boolean;
}

export interface Played {
  /** What was said and done; equals the dialogue when all went as it says. */
  readonly lines: Dialogue;
  readonly effects: readonly ClientEffect[];
  /** All that the client wrote. */
  readonly written: Bytes;
}

/** Plays the server's part of `dialogue` and writes down everything. */
export function play(dialogue: Dialogue, rest: PlayOptions = {}): Played {
  const machine = conversation({ ...OPTIONS, ...rest.options });
  const lines: string[] = [];
  const seen: ClientEffect[] = [];
  const written: Bytes[] = [];
  const requests = [...(rest.requests ?? [])];
  let blocks: Bytes[] = [];

  const feed = (input: ConversationInput): void => {
    const effects = machine.handle(input);
    let pulls = 0;
    for (const effect of effects) {
      seen.push(effect);
      if (effect.kind === "write") written.push(...effect.parts);
      if (effect.kind === "pull") pulls++;
      lines.push(...shown(effect, rest.deadlines === true));
    }
    for (; pulls > 0; pulls--) {
      const octets = blocks.shift() ?? new Uint8Array(0);
      feed({ kind: "content", octets, last: blocks.length === 0 });
    }
  };

  for (let at = 0; at < dialogue.length; ) {
    const line = dialogue[at] ?? "";
    if (line.startsWith("S: ")) {
      const said: string[] = [];
      for (; dialogue[at]?.startsWith("S: ") === true; at++) said.push(dialogue[at] ?? "");
      lines.push(...said);
      const octets = utf8(said.map((one) => `${one.slice(3)}\r\n`).join(""));
      for (const part of rest.split?.(octets) ?? [octets]) feed({ kind: "octets", octets: part });
      continue;
    }
    at++;
    if (!line.startsWith("> ")) continue;
    lines.push(line);
    if (line === "> transact") blocks = [...(rest.content ?? [CONTENT])];
    feed(inputOf(line, requests));
  }
  return { lines, effects: seen, written: concat(written) };
}

function inputOf(line: string, requests: TransactionRequest[]): ConversationInput {
  switch (line) {
    case "> connected":
      return { kind: "connected" };
    case "> secured":
      return { kind: "secured" };
    case "> transact":
      return { kind: "transact", request: requests.shift() ?? request() };
    case "> login":
      return { kind: "login", login: LOGIN };
    case "> login-failed":
      return { kind: "login-failed", detail: "the password file is gone" };
    case "> quit":
      return { kind: "quit" };
    case "> lost":
      return { kind: "lost", detail: "the host closed the connection" };
    case "> expired":
      return { kind: "expired", detail: "waited too long" };
    case "> abort":
      return { kind: "abort", status: statusOf("shutting-down") };
    case "> content-failed":
      return { kind: "content-failed", detail: "the disk is gone" };
    default:
      throw new Error(`${line} is no input`);
  }
}

function shown(effect: ClientEffect, deadlines: boolean): readonly string[] {
  switch (effect.kind) {
    case "write": {
      const text = fromUtf8(concat(effect.parts));
      return (text.endsWith("\r\n") ? text.slice(0, -2) : `${text}\\`).split("\r\n").map((line) => `C: ${line}`);
    }
    case "deadline":
      return deadlines ? [`< wait ${effect.after / 1000} s for ${effect.what}`] : [];
    case "ready":
      return ["< ready"];
    case "failed":
      return [`< failed at ${effect.stage}: ${brief(effect.status)}`];
    case "start-tls":
      return ["< start-tls"];
    case "ask-login":
      return ["< ask-login"];
    case "done": {
      const { recipients, reusable, host, afterDot, untouched } = effect.result;
      const flags = [
        reusable ? "reusable" : "",
        host === "failed" ? "host failed" : "",
        afterDot ? "after dot" : "",
        untouched ? "untouched" : "",
      ];
      return [`< done: ${recipients.map(brief).join(", ")}; ${flags.filter((flag) => flag !== "").join(", ")}`];
    }
    case "close":
      return [effect.politely ? "< end" : "< cut"];
    case "pull":
    case "no-deadline":
      return [];
    default:
      return effect satisfies never;
  }
}

/** A status as code, enhanced code and cause. */
export function brief(status: Status): string {
  return `${status.code} ${status.enhanced ?? "-"} ${status.cause}`;
}

export function mailbox(address: string): Mailbox {
  const at = address.lastIndexOf("@");
  return { localPart: address.slice(0, at), domain: domain(address.slice(at + 1)) };
}

export function to(...addresses: readonly string[]): readonly Recipient[] {
  return addresses.map((address) => ({ mailbox: mailbox(address) }));
}

/** A plain message of one recipient, with changes. */
export function request(
  changes: {
    readonly envelope?: Partial<TransactionRequest["envelope"]>;
    readonly content?: Partial<TransactionRequest["content"]>;
    readonly recipients?: readonly Recipient[];
  } = {},
): TransactionRequest {
  return {
    envelope: {
      reversePath: { kind: "mailbox", mailbox: mailbox("ada@pine.example") },
      body: "7bit",
      smtpUtf8: false,
      dsn: {},
      demand: NO_DEMAND,
      ...changes.envelope,
    },
    content: {
      size: CONTENT.length,
      eightBit: false,
      bareCrLf: false,
      nul: false,
      endsInCrlf: true,
      longestLine: 10,
      ...changes.content,
    },
    recipients: changes.recipients ?? to("bo@rook.example"),
  };
}

export const LOGIN = { user: "ada", password: "s3cret" } as const;
export const CONTENT: Bytes = utf8("Subject: x\r\n\r\n.hello\r\n");
export const OPTIONS: ClientOptions = {
  hostname: "out.pine.example",
  peer: { host: "mx.rook.example", address: "192.0.2.7" },
  tls: "none",
  timeouts: TIMEOUTS,
  chunking: "needed",
  chunkSize: 1000,
};
