import type { WireMoment, WireStep } from "../types.ts";

/** What the man in the middle does next. */
export type WireEffect =
  | { readonly kind: "to-host" | "to-sender"; readonly octets: Buffer }
  /** `blackhole`: nothing passes from now on, either way. */
  | { readonly kind: "reset" | "close" | "blackhole" }
  /** The sender gave the content of a message in clear. */
  | { readonly kind: "content"; readonly octets: Buffer };

/** One connection as he sees it; from the handshake on it is noise to him. */
export interface WireScript {
  start(): readonly WireEffect[];
  fromSender(chunk: Buffer): readonly WireEffect[];
  fromHost(chunk: Buffer): readonly WireEffect[];
}

/** Plays the steps on one connection; with no steps it is a tap. */
export function wireScript(steps: readonly WireStep[]): WireScript {
  const state: State = {
    mode: "lines",
    steps,
    awaited: ["greeting"],
    sender: EMPTY,
    host: EMPTY,
    reply: [],
    content: [],
  };
  return {
    start: () => early(state, "greeting"),
    fromSender(chunk) {
      if (state.mode === "opaque") return [{ kind: "to-host", octets: chunk }];
      if (state.mode === "hello") return hello(state, chunk);
      // A hello that the host was never told to expect: its random octets must not be taken for lines.
      if (state.sender.length === 0 && chunk[0] === HANDSHAKE) return [{ kind: "blackhole" }];
      state.sender = Buffer.concat([state.sender, chunk]);
      return senderLines(state);
    },
    fromHost(chunk) {
      if (state.mode === "opaque" || state.mode === "hello") return [{ kind: "to-sender", octets: chunk }];
      state.host = Buffer.concat([state.host, chunk]);
      return hostLines(state);
    },
  };
}

interface State {
  mode: "lines" | "content" | "hello" | "opaque";
  readonly steps: readonly WireStep[];
  /** To what the host's next replies belong. */
  readonly awaited: WireMoment[];
  sender: Buffer;
  host: Buffer;
  reply: string[];
  content: Buffer[];
}

type Step<K extends WireStep["kind"]> = Extract<WireStep, { readonly kind: K }>;

function stepAt<K extends WireStep["kind"]>(state: State, on: WireMoment, ...kinds: readonly K[]): Step<K> | undefined {
  return state.steps.find((step) => step.on === on && (kinds as readonly string[]).includes(step.kind)) as
    | Step<K>
    | undefined;
}

function early(state: State, on: WireMoment): readonly WireEffect[] {
  const step = stepAt(state, on, "early");
  return step === undefined ? [] : [toSender(step.text)];
}

function senderLines(state: State): readonly WireEffect[] {
  const effects: WireEffect[] = [];
  for (let end = state.sender.indexOf("\r\n"); end >= 0; end = state.sender.indexOf("\r\n")) {
    const line = state.sender.subarray(0, end + 2);
    state.sender = state.sender.subarray(end + 2);
    effects.push(...(state.mode === "content" ? contentLine(state, line) : command(state, line)));
    if (effects.some(isEnd) || state.mode === "hello") break;
  }
  if (state.mode === "hello" && state.sender.length > 0) effects.push(...hello(state, take(state)));
  return effects;
}

function contentLine(state: State, line: Buffer): readonly WireEffect[] {
  const forward: WireEffect = { kind: "to-host", octets: line };
  if (!line.equals(DOT)) {
    state.content.push(line);
    return [forward];
  }
  const octets = Buffer.concat(state.content);
  state.content = [];
  state.mode = "lines";
  state.awaited.push("DATA");
  return [{ kind: "content", octets }, forward];
}

function command(state: State, line: Buffer): readonly WireEffect[] {
  const on = line
    .toString("latin1")
    .split(/[ :\r]/, 1)[0]
    ?.toUpperCase() as WireMoment;
  const before = early(state, on);
  const end = stepAt(state, on, "reset", "close", "blackhole");
  if (end?.when === "command") return [...before, { kind: end.kind }];
  const answer = stepAt(state, on, "answer");
  if (answer !== undefined) {
    if (on === "STARTTLS" && answer.text.startsWith("220")) state.mode = "hello";
    return [...before, toSender(answer.text)];
  }
  const rewritten = stepAt(state, on, "rewrite");
  state.awaited.push(on);
  return [...before, { kind: "to-host", octets: rewritten === undefined ? line : Buffer.from(`${rewritten.to}\r\n`) }];
}

function hostLines(state: State): readonly WireEffect[] {
  const effects: WireEffect[] = [];
  for (let end = state.host.indexOf("\r\n"); end >= 0; end = state.host.indexOf("\r\n")) {
    const line = state.host.subarray(0, end).toString("latin1");
    state.host = state.host.subarray(end + 2);
    state.reply.push(line);
    if (line[3] === "-") continue;
    const lines = state.reply;
    state.reply = [];
    effects.push(...replied(state, lines));
  }
  return effects;
}

function replied(state: State, lines: readonly string[]): readonly WireEffect[] {
  const on = state.awaited.shift() ?? "greeting";
  const end = stepAt(state, on, "reset", "close", "blackhole");
  if (end?.when === "reply") return [{ kind: end.kind }];
  const [first = ""] = lines;
  if (on === "STARTTLS" && first.startsWith("220"))
    state.mode = state.steps.some((step) => step.on === "hello") ? "hello" : "opaque";
  if (on === "DATA" && first.startsWith("354")) state.mode = "content";
  const injected = stepAt(state, on, "inject");
  return [toSender(`${edited(state, on, lines)}${injected?.text ?? ""}`)];
}

function edited(state: State, on: WireMoment, lines: readonly string[]): string {
  let kept = [...lines];
  for (const step of state.steps) {
    if (step.on !== on) continue;
    if (step.kind === "drop-lines")
      kept = kept.filter((line) => !line.slice(4).toUpperCase().startsWith(step.beginning));
    if (step.kind === "replace") kept = kept.map((line) => line.replaceAll(step.from, step.to));
  }
  const last = kept.length - 1;
  return kept.map((line, at) => `${line.slice(0, 3)}${at === last ? " " : "-"}${line.slice(4)}\r\n`).join("");
}

/** The first octets after STARTTLS was granted. */
function hello(state: State, chunk: Buffer): readonly WireEffect[] {
  state.mode = "opaque";
  const end = stepAt(state, "hello", "reset", "close", "blackhole");
  if (end !== undefined) return [{ kind: end.kind }];
  const answer = stepAt(state, "hello", "answer");
  if (answer !== undefined) return [toSender(answer.text)];
  if (stepAt(state, "hello", "small-only") !== undefined && chunk.length > ONE_PACKET) return [{ kind: "blackhole" }];
  return [{ kind: "to-host", octets: chunk }];
}

function take(state: State): Buffer {
  const held = state.sender;
  state.sender = EMPTY;
  return held;
}

function toSender(text: string): WireEffect {
  return { kind: "to-sender", octets: Buffer.from(text, "latin1") };
}

function isEnd({ kind }: WireEffect): boolean {
  return kind === "reset" || kind === "close" || kind === "blackhole";
}

const EMPTY = Buffer.alloc(0);
const HANDSHAKE = 0x16;
const DOT = Buffer.from(".\r\n");
/** Octets of one packet on a usual path; a ClientHello with a post-quantum share is longer. */
const ONE_PACKET = 1300;
