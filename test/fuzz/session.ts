import { unreachable } from "../../src/base/mod.ts";
import { domain } from "../../src/mail/mod.ts";
import { framing, type Frame, replyDecoder } from "../../src/smtp/grammar/mod.ts";
import {
  DEFAULT_LIMITS,
  open,
  readingOf,
  type ServerConfig,
  type ServerEffect,
  type ServerInput,
  type ServerState,
  step,
} from "../../src/smtp/server/mod.ts";
import { type Status, statusOf } from "../../src/status/mod.ts";

/**
 * A session of the server over octets of a client, with a house that refuses who is called "no", and a model of what
 * must hold beside it. Gives the replies and what was taken; throws where the model is broken.
 */
export function playSession(chunks: readonly Buffer[]): {
  readonly replies: string;
  readonly taken: readonly string[];
} {
  const input = framing();
  const model = newModel();
  let turn = open(CONFIG, { address: "192.0.2.1", port: 4242 });
  const settle = (): void => {
    for (let answer = heed(model, turn); answer !== undefined; answer = heed(model, turn)) {
      if (answer.kind === "sink") input.forget();
      turn = step(turn.state, answer);
    }
  };
  settle();
  for (const chunk of chunks) {
    input.push(chunk);
    for (;;) {
      const frame = input.next(readingOf(turn.state));
      if (frame.kind === "need-more") break;
      if (frame.kind === "line" || frame.kind === "line-fault") model.lines++;
      turn = step(turn.state, inputOf(frame));
      settle();
    }
  }
  if (!model.closed) {
    turn = step(turn.state, { kind: "lost" });
    settle();
  }
  return conclude(model, turn.state);
}

/** What happened so far, as the effects tell it. */
interface Model {
  wire: string;
  /** Lines that ask for a reply. */
  lines: number;
  closed: boolean;
  /** What is open in the house. */
  sender: boolean;
  accepted: number;
  sink: Buffer[] | undefined;
  readonly taken: string[];
}

function newModel(): Model {
  return { wire: "", lines: 0, closed: false, sender: false, accepted: 0, sink: undefined, taken: [] };
}

/** Takes the effects of a turn, holds them to the model, and gives the answer that the machine asks for, if any. */
function heed(model: Model, { effects }: { readonly effects: readonly ServerEffect[] }): ServerInput | undefined {
  for (const [at, effect] of effects.entries()) {
    must(!model.closed, `"${effect.kind}" after the end`);
    const answer = take(model, effect);
    if (answer === undefined) continue;
    must(at === effects.length - 1, `"${effect.kind}" is not the last effect`);
    return answer;
  }
  return undefined;
}

function take(model: Model, effect: ServerEffect): ServerInput | undefined {
  switch (effect.kind) {
    case "reply":
      must(/^(?:[2-5]\d\d[ -][\t\x20-\x7e]*\r\n)+$/.test(effect.wire), `the reply ${JSON.stringify(effect.wire)}`);
      model.wire += effect.wire;
      return undefined;
    case "ask-admission":
      return { kind: "admission", refusal: undefined, behind: false };
    case "ask-sender": {
      must(!model.sender, "a second sender");
      const refusal = refused(JSON.stringify(effect.request.reversePath));
      model.sender = refusal === undefined;
      return { kind: "sender", refusal, behind: false };
    }
    case "ask-recipient": {
      must(model.sender && model.sink === undefined, "a recipient without a sender, or after content");
      const status = refused(JSON.stringify(effect.request.path)) ?? statusOf("ok-recipient");
      if (status.code < 400) model.accepted++;
      return { kind: "recipient", status, behind: false };
    }
    case "ask-sink":
      must(model.sender && model.accepted > 0 && model.sink === undefined, "content for nobody");
      model.sink = [];
      return { kind: "sink", refusal: undefined, behind: false };
    case "write":
      must(model.sink !== undefined, "content without a sink");
      model.sink?.push(Buffer.from(effect.octets));
      return undefined;
    case "finish": {
      must(model.sink !== undefined, "an end without a sink");
      const content = Buffer.concat(model.sink ?? []);
      must(content.length === effect.facts.size, `${content.length} octets, ${effect.facts.size} were told`);
      model.taken.push(content.toString("latin1"));
      model.sink = undefined;
      return { kind: "finished", status: statusOf("ok-message"), behind: false };
    }
    case "abort":
      must(model.sink !== undefined, "nothing to abort");
      model.sink = undefined;
      return undefined;
    case "reset":
      must(model.sender && model.sink === undefined, "a reset without a sender, or with content open");
      model.sender = false;
      model.accepted = 0;
      return undefined;
    case "start-tls":
      must(!model.sender, "TLS inside a transaction");
      return { kind: "tls-unavailable" };
    case "limited":
      return undefined;
    case "close":
      model.closed = true;
      return undefined;
    default:
      return unreachable(effect);
  }
}

function conclude(model: Model, state: ServerState): { readonly replies: string; readonly taken: readonly string[] } {
  must(model.closed && state.kind === "closed", `a lost session ends in ${state.kind}`);
  must(!model.sender && model.sink === undefined, "a transaction outlives its session");
  const decoder = replyDecoder();
  decoder.push(Buffer.from(model.wire, "latin1"));
  let replies = 0;
  for (let next = decoder.next(); next.kind !== "need-more"; next = decoder.next()) {
    if (next.kind !== "reply") throw new Error(`A client cannot read ${JSON.stringify(model.wire)}`);
    replies++;
  }
  // The greeting, one for each line that was read, one for each message; a session may end with a 421 besides.
  const least = model.lines + model.taken.length;
  must(replies <= least + 2, `${replies} replies to ${model.lines} lines and ${model.taken.length} messages`);
  return { replies: model.wire, taken: model.taken };
}

function inputOf(frame: Exclude<Frame, { readonly kind: "need-more" }>): ServerInput {
  return frame.kind === "content" ? frame : { ...frame, behind: false };
}

function refused(text: string): Status | undefined {
  return text.includes('"no') ? statusOf("policy-refused") : undefined;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`The model does not allow ${what}`);
}

const CONFIG: ServerConfig = {
  hostname: domain("mx.rook.example"),
  tls: { starttls: true, required: false },
  limits: { ...DEFAULT_LIMITS, messageSize: 2000, recipients: 100, transactions: 20, refusedRecipients: 20 },
};
