import { type Bytes, fromUtf8 } from "../../base/mod.ts";
import { type Cutter, cutter } from "./_cutter.ts";
import type { Reply } from "./reply.ts";

export interface ReplyFault {
  readonly kind: "syntax" | "bare-cr-lf" | "too-long" | "too-many-lines" | "differing-codes";
  readonly detail: string;
}

export type ReplyStep =
  | { readonly kind: "need-more" }
  | { readonly kind: "reply"; readonly reply: Reply }
  | { readonly kind: "fault"; readonly fault: ReplyFault };

/** Turns the server's octets into replies. After a fault every further step is the same fault. */
export interface ReplyDecoder {
  push(chunk: Bytes): void;
  next(): ReplyStep;
  /** Octets taken in that belong to no reply handed out; must be 0 when TLS starts (RFC 3207 §4.2). */
  readonly buffered: number;
}

/** A decoder for one connection; at most 100 lines and 64 KiB per reply (RFC 5321 §4.2, §4.5.3.1.5). */
export function replyDecoder(): ReplyDecoder {
  const state: State = { input: cutter(), octets: 0, lines: [], code: 0, fault: undefined };
  return {
    push: (chunk) => state.input.push(chunk),
    next() {
      for (;;) {
        const line = state.fault === undefined ? takeLine(state) : undefined;
        const reply = line === undefined ? undefined : takeReply(state, line);
        if (state.fault !== undefined) return { kind: "fault", fault: state.fault };
        if (line === undefined) return NEED_MORE;
        if (reply !== undefined) return { kind: "reply", reply };
      }
    },
    get buffered() {
      return state.input.length + state.octets;
    },
  };
}

interface State {
  readonly input: Cutter;
  /** The lines of the reply that is coming in, and their octets. */
  lines: string[];
  octets: number;
  code: number;
  fault: ReplyFault | undefined;
}

/** The next line without CRLF; undefined when it is not complete, or when a fault was found. */
function takeLine(state: State): Bytes | undefined {
  const line = state.input.line();
  const octets = state.octets + (line ?? state.input).length;
  if (octets > LONGEST_REPLY) return fail(state, "too-long", `the reply has more than ${LONGEST_REPLY} octets`);
  if (line === undefined) return undefined;
  state.octets = octets;
  // RFC 5321 §2.3.8
  if (line.indexOf(CR) !== line.length - 2) {
    return fail(state, "bare-cr-lf", "the reply has a CR or LF outside CRLF");
  }
  return line.subarray(0, -2);
}

/** Adds one line; a Reply when it was the last. */
function takeReply(state: State, line: Bytes): Reply | undefined {
  const text = fromUtf8(line);
  const code = CODE.test(text) ? Number(text.slice(0, 3)) : 0;
  const mark = text[3];
  if (code === 0 || (mark !== undefined && mark !== " " && mark !== "-")) {
    return fail(state, "syntax", `${JSON.stringify(text.slice(0, 80))} is no reply line`);
  }
  // RFC 5321 §4.2.1: every line of one reply has the same code.
  if (state.lines.length > 0 && code !== state.code) {
    return fail(state, "differing-codes", `the lines of one reply have the codes ${state.code} and ${code}`);
  }
  if (state.lines.length === MOST_LINES) {
    return fail(state, "too-many-lines", `the reply has more than ${MOST_LINES} lines`);
  }
  state.code = code;
  state.lines.push(text.slice(4));
  if (mark === "-") return undefined;
  const reply = { code, lines: state.lines };
  state.lines = [];
  state.octets = 0;
  return reply;
}

function fail(state: State, kind: ReplyFault["kind"], detail: string): undefined {
  state.fault = { kind, detail };
  return undefined;
}

const NEED_MORE = { kind: "need-more" } as const;
const CR = 13;
const LONGEST_REPLY = 65536;
const MOST_LINES = 100;
const CODE = /^[2-5]\d\d/;
