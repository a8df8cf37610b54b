import { unreachable } from "../../../src/base/mod.ts";

/** What a client may do at one turn; content is sent only when DATA is answered with 354. */
export type Action =
  | { readonly kind: "hello"; readonly verb: "EHLO" | "HELO"; readonly valid: boolean }
  | {
      readonly kind: "mail";
      readonly how: "good" | "refused" | "malformed" | "too-big" | "binary" | "unknown-parameter";
    }
  | { readonly kind: "rcpt"; readonly how: "good" | "refused" | "malformed" }
  | { readonly kind: "data"; readonly content: "good" | "bare" | "too-big" | "fails" }
  | { readonly kind: "bdat"; readonly size: "none" | "some" | "too-big"; readonly last: boolean }
  | { readonly kind: "other"; readonly line: string };

/** The most a message may have in the model's world. */
export const MODEL_SIZE = 60;
export const MODEL_RECIPIENTS = 3;

/** The lines that an action sends, and the content that follows a 354. */
export function wireOf(action: Action): { readonly line: string; readonly content?: string } {
  switch (action.kind) {
    case "hello":
      return { line: action.valid ? `${action.verb} out.pine.example\r\n` : `${action.verb}\r\n` };
    case "mail":
      return { line: `MAIL FROM:${MAIL[action.how]}\r\n` };
    case "rcpt":
      return { line: `RCPT TO:${RCPT[action.how]}\r\n` };
    case "data":
      return { line: "DATA\r\n", content: CONTENT[action.content] };
    case "bdat":
      return { line: `BDAT ${CHUNK[action.size]}${action.last ? " LAST" : ""}\r\n${"x".repeat(CHUNK[action.size])}` };
    case "other":
      return { line: `${action.line}\r\n` };
    default:
      return unreachable(action);
  }
}

/** A second, plain account of RFC 5321 §4.1.4 and RFC 3030 §2: which codes must come, and whether a transaction is open. */
export class Model {
  hello = false;
  tls = false;
  closed = false;
  mail: { binary: boolean; accepted: number; tried: boolean; chunked: boolean; size: number } | undefined;

  /** The reply codes of `action`, one or, after 354, two. */
  codes(action: Action): readonly number[] {
    switch (action.kind) {
      case "hello":
        if (!action.valid) return [501];
        this.hello = true;
        this.mail = undefined;
        return [250];
      case "mail":
        return [this.#mail(action.how)];
      case "rcpt":
        return [this.#rcpt(action.how)];
      case "data":
        return this.#data(action.content);
      case "bdat":
        return [this.#bdat(CHUNK[action.size], action.last)];
      case "other":
        return [this.#other(action.line)];
      default:
        return unreachable(action);
    }
  }

  #mail(how: string): number {
    if (!this.hello || this.mail !== undefined) return 503;
    if (how === "malformed") return 501;
    if (how === "unknown-parameter") return 555;
    if (how === "too-big") return 552;
    if (how === "refused") return 550;
    this.mail = { binary: how === "binary", accepted: 0, tried: false, chunked: false, size: 0 };
    return 250;
  }

  #rcpt(how: string): number {
    if (this.mail === undefined || this.mail.chunked) return 503;
    if (how === "malformed") return 501;
    if (this.mail.accepted === MODEL_RECIPIENTS) return 452;
    this.mail.tried = true;
    if (how === "refused") return 550;
    this.mail.accepted++;
    return 250;
  }

  #data(content: string): readonly number[] {
    if (this.mail === undefined || this.mail.chunked || this.mail.binary) return [503];
    if (this.mail.accepted === 0) return [this.mail.tried ? 554 : 503];
    this.mail = undefined;
    if (content === "bare") return [354, 550];
    if (content === "too-big") return [354, 552];
    return [354, content === "fails" ? 451 : 250];
  }

  #bdat(size: number, last: boolean): number {
    const { mail } = this;
    if (mail === undefined) return 503;
    mail.size += size;
    const good = mail.accepted > 0 && mail.size <= MODEL_SIZE;
    if (!good || last) this.mail = undefined;
    if (mail.accepted === 0) return mail.tried ? 554 : 503;
    if (!good) return 552;
    mail.chunked = true;
    return 250;
  }

  #other(line: string): number {
    const [verb = ""] = line.split(" ");
    if (verb === "RSET") this.mail = undefined;
    if (verb === "QUIT") this.closed = true;
    const fixed = FIXED.get(verb);
    if (fixed !== undefined) return fixed;
    if (verb !== "STARTTLS" && verb !== "AUTH") return 500;
    if (!this.hello || this.mail !== undefined) return 503;
    if (verb === "AUTH") return 502;
    if (this.tls) return 503;
    this.tls = true;
    this.hello = false;
    return 220;
  }
}

const MAIL = {
  good: "<ada@pine.example>",
  refused: "<refused@pine.example>",
  malformed: "ada@pine.example",
  "too-big": `<ada@pine.example> SIZE=${MODEL_SIZE + 1}`,
  binary: "<> BODY=BINARYMIME",
  "unknown-parameter": "<ada@pine.example> FUTURE=1",
} as const;
const RCPT = { good: "<bo@rook.example>", refused: "<refused@rook.example>", malformed: "<bo@>" } as const;
const CONTENT = {
  good: "Subject: x\r\n..\r\n.\r\n",
  bare: "a\nb\r\n.\r\n",
  "too-big": `${"x".repeat(MODEL_SIZE)}\r\n.\r\n`,
  fails: "fails\r\n.\r\n",
} as const;
const CHUNK = { none: 0, some: 25, "too-big": MODEL_SIZE + 1 } as const;
const FIXED = new Map([
  ["RSET", 250],
  ["NOOP", 250],
  ["HELP", 214],
  ["VRFY", 252],
  ["EXPN", 502],
  ["QUIT", 221],
]);
