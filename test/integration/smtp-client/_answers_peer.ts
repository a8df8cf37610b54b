import type { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";

/** What the server does at one point of a session instead of what it should. */
export const ANSWERS = [
  "2yz",
  "3yz",
  "4yz",
  "5yz",
  "421",
  "1yz",
  "no reply line",
  "bare LF",
  "two codes in one reply",
  "half a reply, then the end",
  "endless line",
  "endless reply",
  "the right answer and one more",
  "end",
  "reset",
  "silence",
] as const;
export type Answer = (typeof ANSWERS)[number];

export interface Script {
  readonly offers: readonly string[];
  readonly lmtp: boolean;
  /** The first message finds no recipient, so that RSET comes before the second. */
  readonly refuses?: boolean;
  readonly certificate?: { readonly chain: string; readonly key: string };
  /** Where `answer` is given, once. */
  readonly point: string;
  readonly answer: Answer;
  /** The connection is to break as if the network had. */
  readonly reset: () => void;
}

export interface ScriptedPeer {
  /** The point was reached. */
  readonly reached: boolean;
  /** Recipients whose content was acknowledged, by MAIL; none where no content came whole. */
  readonly acknowledged: readonly (readonly string[] | undefined)[];
  /** The last command line. */
  readonly last: string;
  /** Says the answer unasked, at the point "idle". */
  speak(): void;
}

/** A server at the other end of `wire` that keeps to the rules but for one answer. */
export function answeringPeer(first: Duplex, script: Script): ScriptedPeer {
  const acknowledged: (string[] | undefined)[] = [];
  let wire = first;
  let reached = false;
  let mute = false;
  let last = "";
  let hellos = 0;
  let messages = 0;
  let auths = 0;
  let buffer = "";
  let mail = false;
  let recipients: string[] = [];
  let named = 0;
  let reading: "lines" | "content" | number = "lines";
  let lastChunk = false;

  /** Gives the right answer, or the one of the script; true when it was the right one, or as good. */
  const reply = (point: string, right: string): boolean => {
    if (mute) return false;
    if (reached || point !== script.point) {
      wire.write(`${right}\r\n`);
      return right < "4";
    }
    reached = true;
    mute = LAST_WORDS.has(script.answer);
    misbehave(wire, script, right);
    if (script.answer === "the right answer and one more") return right < "4";
    return script.answer === "2yz" || (script.answer === "3yz" && right.startsWith("354"));
  };
  const onEnd = (name: string): void => {
    const whole = name !== "BDAT";
    if (!whole) return void reply("BDAT", "250 2.0.0 chunk");
    const got: string[] = [];
    const answers = script.lmtp ? recipients : ["*"];
    for (const [at, recipient] of answers.entries()) {
      const point = script.lmtp ? `${name} ${at + 1}` : name;
      const said = messages === 1 ? point : `${point} again`;
      if (reply(said, "250 2.0.0 kept")) got.push(...(script.lmtp ? [recipient] : recipients));
    }
    acknowledged[messages - 1] = got;
    mail = false;
    recipients = [];
  };
  const onLine = (line: string): void => {
    last = line;
    const verb = line.split(" ", 1)[0] ?? "";
    switch (verb) {
      case "EHLO":
      case "LHLO":
        return void reply(hellos++ === 0 ? "hello" : "second hello", hello(script.offers, wire instanceof TLSSocket));
      case "HELO":
        return void reply("HELO", "250 peer.example");
      case "STARTTLS":
        if (reply("STARTTLS", "220 2.0.0 go on")) secure();
        return;
      case "MAIL":
        messages++;
        named = 0;
        mail = reply(messages === 1 ? "MAIL" : "MAIL again", "250 2.1.0 ok");
        return;
      case "RCPT": {
        named++;
        const right = !mail ? "503 5.5.1 no MAIL" : refuses() ? "550 5.1.1 nobody" : "250 2.1.5 ok";
        if (reply(messages === 1 ? `RCPT ${named}` : "RCPT again", right) && mail) recipients.push(`${named}`);
        return;
      }
      case "DATA": {
        const right = recipients.length === 0 ? "503 5.5.1 no recipients" : "354 go on";
        if (reply(messages === 1 ? "DATA" : "DATA again", right) && recipients.length > 0) reading = "content";
        return;
      }
      case "BDAT":
        reading = Number(line.split(" ")[1]);
        lastChunk = line.endsWith(" LAST");
        return;
      case "RSET":
        mail = false;
        recipients = [];
        return void reply("RSET", "250 2.0.0 ok");
      case "QUIT":
        if (reply("QUIT", "221 2.0.0 bye")) wire.end();
        return;
      case "AUTH":
        return void reply("AUTH", line === "AUTH LOGIN" ? "334 VXNlcm5hbWU6" : "235 2.7.0 welcome");
      default:
        if (line === "*") return void wire.write("501 5.7.0 cancelled\r\n");
        auths++;
        return void reply(auths === 1 ? "user" : "password", auths === 1 ? "334 UGFzc3dvcmQ6" : "235 2.7.0 welcome");
    }
  };
  const refuses = (): boolean => script.refuses === true && messages === 1;
  const secure = (): void => {
    const { chain, key } = script.certificate ?? { chain: "", key: "" };
    wire.removeAllListeners("data").pause();
    const secureContext = createSecureContext({ cert: chain, key });
    wire = new TLSSocket(wire, { isServer: true, secureContext });
    listen();
  };
  const take = (): boolean => {
    if (typeof reading === "number") {
      if (buffer.length < reading) return false;
      buffer = buffer.slice(reading);
      reading = "lines";
      onEnd(lastChunk ? "LAST" : "BDAT");
      return true;
    }
    const mark = reading === "lines" ? "\r\n" : "\r\n.\r\n";
    const end = buffer.indexOf(mark);
    if (end < 0) return false;
    const line = buffer.slice(0, end);
    buffer = buffer.slice(end + mark.length);
    if (reading === "lines") onLine(line);
    else {
      reading = "lines";
      onEnd("dot");
    }
    return true;
  };
  const listen = (): void => {
    wire
      .on("error", () => undefined)
      .on("data", (octets: Buffer) => {
        buffer += octets.toString("latin1");
        // As over a network: no answer comes while the question is still being asked.
        setImmediate(() => {
          while (take());
        });
      });
  };
  listen();
  reply("greeting", "220 peer.example");
  return {
    get reached() {
      return reached;
    },
    acknowledged,
    get last() {
      return last;
    },
    speak: () => void reply("idle", ""),
  };
}

function misbehave(wire: Duplex, { answer, reset }: Script, right: string): void {
  switch (answer) {
    case "2yz":
      return void wire.write("250 2.9.9 fine\r\n");
    case "3yz":
      return void wire.write("354 go on\r\n");
    case "4yz":
      return void wire.write("450 4.9.9 later\r\n");
    case "5yz":
      return void wire.write("550 5.9.9 never\r\n");
    case "421":
      return void wire.end("421 4.9.9 closing\r\n");
    case "1yz":
      return void wire.write("150 wait\r\n");
    case "no reply line":
      return void wire.write("HTTP/1.1 200 OK\r\n");
    case "bare LF":
      return void wire.write("250 2.9.9 fine\n");
    case "two codes in one reply":
      return void wire.write("250-2.9.9 fine\r\n550 5.9.9 never\r\n");
    case "half a reply, then the end":
      return void wire.end("250-2.9.9 fine\r\n250 2.9.9 mo");
    case "endless line":
      return pour(wire, `250 ${"x".repeat(1000)}`);
    case "endless reply":
      return pour(wire, "250-2.9.9 and so on\r\n");
    case "the right answer and one more":
      return void wire.write(`${right === "" ? "" : `${right}\r\n`}250 2.9.9 by the way\r\n`);
    case "end":
      return void wire.end();
    case "reset":
      return void setImmediate(reset);
    case "silence":
      return;
    default:
      answer satisfies never;
  }
}

/** Far more than a client may take in. */
function pour(wire: Duplex, text: string): void {
  for (let sent = 0; sent < POURED; sent += text.length) wire.write(text);
}

function hello(offers: readonly string[], secured: boolean): string {
  const lines = ["peer.example", ...offers.filter((offer) => !secured || offer !== "STARTTLS")];
  return lines.map((line, at) => `250${at === lines.length - 1 ? " " : "-"}${line}`).join("\r\n");
}

/** After these the server says nothing more. */
const LAST_WORDS: ReadonlySet<Answer> = new Set(["421", "half a reply, then the end", "end", "reset", "silence"]);
const POURED = 200_000;
