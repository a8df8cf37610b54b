import { type Bytes, unreachable } from "../../base/mod.ts";
import { publish } from "../../observe/mod.ts";
import type { Status } from "../../status/mod.ts";
import type { TlsSession } from "../../tls/mod.ts";
import { framing } from "../grammar/mod.ts";
import {
  open,
  type Peer,
  type Reception,
  readingOf,
  type ServerConfig,
  type ServerEffect,
  type ServerInput,
  type ServerState,
  type Step,
  stageOf,
  step,
  type TimeLimit,
} from "../server/mod.ts";
import { house } from "./server_house.ts";

/** What the runner needs of the connection below it. */
export interface Wire {
  /** false: the client does not keep up; `unblocked` follows. */
  write(text: string): boolean;
  /** Starts TLS after `text` was written, unless octets of the client wait; `secured` follows. false: no certificate can be had. */
  startTls(text: string): boolean;
  /** After what was written, or at once. */
  close(gently: boolean): void;
  /** Something happened; `state` and `waitsFor` may be new. */
  progress(): void;
}

/** Who ended a session in order, if anybody: the client by QUIT, or we by a last reply. */
export type Ending = "quit" | "hung-up" | "lost";

export interface RunnerOptions {
  readonly config: ServerConfig;
  readonly reception: Reception;
  readonly wire: Wire;
}

/** Carries inputs to the machine and its effects to the house and the wire; decides nothing and knows no socket. */
export class Runner {
  readonly #config: ServerConfig;
  readonly #wire: Wire;
  readonly #house;
  readonly #framing = framing();
  #client = "";
  /** The proxy that told of the client. */
  #proxy: string | undefined;
  #state: ServerState | undefined;
  /** Replies not yet written; those of one group of commands go out together (RFC 2920 §3.2). */
  #out = "";
  /** The house owes an answer. */
  #asking = false;
  /** Somebody asks us to wait: the sink for our octets, the client for our replies. */
  #blocked: "sink" | "client" | undefined;
  #turns = 0;
  #draining = false;
  #ended = false;
  #lost = false;
  #ending: Ending = "lost";

  constructor(options: RunnerOptions) {
    this.#config = options.config;
    this.#wire = options.wire;
    this.#house = house(options.reception, () => this.#framing.buffered > 0);
  }

  /** undefined before `begin`. */
  get state(): ServerState | undefined {
    return this.#state;
  }

  /** Octets of the client not yet looked at. */
  get buffered(): number {
    return this.#framing.buffered;
  }

  /** Who keeps the session from reading on. */
  get waitsFor(): "house" | "client" | undefined {
    if (this.#asking || this.#blocked === "sink") return "house";
    return this.#blocked;
  }

  /** Grows whenever something was done or somebody stopped waiting. */
  get turns(): number {
    return this.#turns;
  }

  /** Who ended the session. */
  get ending(): Ending {
    return this.#ending;
  }

  get over(): boolean {
    return this.#state?.kind === "closed" && !this.#asking;
  }

  begin(peer: Peer): void {
    this.#client = peer.address;
    this.#proxy = peer.proxy;
    this.#guard(() => this.#perform(open(this.#config, peer)));
  }

  receive(chunk: Bytes): void {
    if (this.#state?.kind === "closed") return;
    this.#framing.push(chunk);
    if (this.#asking || this.#blocked !== undefined) this.#wire.progress();
    else this.#run();
  }

  /** The client will send no more, but may still read. */
  end(): void {
    this.#ended = true;
    this.#run();
  }

  /** The connection is gone. */
  lose(): void {
    this.#lost = true;
    this.#run();
  }

  secured(tls: TlsSession): void {
    this.#run({ kind: "tls", tls });
  }

  expired(limit: TimeLimit): void {
    this.#run({ kind: "deadline", limit });
  }

  /** Shut down as soon as no content is on its way. */
  drain(): void {
    this.#draining = true;
    this.#run();
  }

  unblocked(): void {
    if (this.#blocked === "client") this.#blocked = undefined;
    this.#turns++;
    this.#run();
  }

  #run(first?: ServerInput): void {
    this.#guard(() => first);
  }

  /** Feeds the machine until it waits for something, then writes what it said. A bug ends this connection, not the program. */
  #guard(start: () => ServerInput | undefined): void {
    try {
      let input = start() ?? this.#next();
      while (input !== undefined && this.#state !== undefined) {
        input = this.#perform(step(this.#state, input)) ?? this.#next();
      }
      this.#flush();
    } catch (error) {
      publish("hopseal:fault", {
        where: "smtp server",
        text: error instanceof Error ? (error.stack ?? "") : String(error),
      });
      this.#state = { kind: "closed" };
      this.#drop();
      this.#wire.close(false);
    }
    this.#wire.progress();
  }

  #drop(): void {
    this.#house.abort();
    this.#house.reset();
    this.#wire.progress();
  }

  /** The next input that is there already. */
  #next(): ServerInput | undefined {
    const state = this.#state;
    if (state === undefined || state.kind === "closed" || this.#asking) return undefined;
    if (this.#lost) return LOST;
    if (this.#blocked !== undefined) return undefined;
    const reading = readingOf(state);
    if (reading.kind === "nothing") return undefined;
    if (this.#draining && reading.kind === "command") return SHUTDOWN;
    const frame = this.#framing.next(reading);
    switch (frame.kind) {
      case "need-more":
        return this.#ended ? LOST : undefined;
      case "content":
        return frame;
      case "line":
      case "line-fault":
      case "content-end":
        return { ...frame, behind: this.#framing.buffered > 0 };
      default:
        return unreachable(frame);
    }
  }

  /** Carries out the effects of one step; an answer that is there at once is the next input. */
  #perform(turn: Step<ServerState>): ServerInput | undefined {
    const before = this.#state;
    this.#state = turn.state;
    this.#turns++;
    let next: ServerInput | undefined;
    for (const effect of turn.effects) {
      if (effect.kind === "reply" && effect.status !== undefined) this.#tell(before ?? turn.state, effect.status);
      if (effect.kind === "reply" && turn.state.kind === "closed") this.#ending = endingBy(effect.status);
      const answer = this.#carryOut(effect);
      if (answer instanceof Promise) this.#await(answer);
      else next = answer ?? next;
    }
    return next;
  }

  #carryOut(effect: ServerEffect): ServerInput | Promise<ServerInput> | undefined {
    switch (effect.kind) {
      case "reply":
        this.#out += effect.wire;
        return undefined;
      case "ask-admission":
        return this.#house.admission(effect.peer);
      case "ask-sender":
        return this.#house.sender(effect.peer, effect.request);
      case "ask-recipient":
        return this.#house.recipient(effect.request);
      case "ask-sink":
        this.#framing.forget();
        return this.#house.sink();
      case "finish":
        return this.#house.finish(effect.facts);
      case "write":
        return this.#write(effect.octets);
      case "abort":
        this.#house.abort();
        return undefined;
      case "reset":
        this.#house.reset();
        return undefined;
      case "start-tls":
        if (!this.#wire.startTls(this.#out + effect.ready)) return { kind: "tls-unavailable" };
        this.#out = "";
        return undefined;
      case "limited":
        publish("hopseal:limited", { limit: effect.limit, client: this.#client, text: effect.text });
        return undefined;
      case "close":
        this.#close(effect.flush);
        return undefined;
      default:
        return unreachable(effect);
    }
  }

  /** The operator hears of what was refused; an idle or an ended session is no refusal. */
  #tell(before: ServerState, status: Status): void {
    const { cause, code, text } = status;
    if (code < 400 || cause === "shutting-down" || cause === "idle-timeout") return;
    const proxy = this.#proxy === undefined ? {} : { proxy: this.#proxy };
    publish("hopseal:refused", { stage: stageOf(before), client: this.#client, ...proxy, cause, text });
  }

  #await(answer: Promise<ServerInput>): void {
    this.#asking = true;
    void answer.then((input) => {
      this.#asking = false;
      // Only a bug ends a session that was asking; what the answer brought goes as well.
      if (this.#state?.kind === "closed") this.#drop();
      else this.#run(input);
    });
  }

  #write(octets: Bytes): ServerInput | undefined {
    const answer = this.#house.write(octets);
    if (!(answer instanceof Promise)) return answer;
    this.#blocked = "sink";
    void answer.then((input) => {
      this.#blocked = undefined;
      this.#turns++;
      // A sink that fails after its session has ended concerns nobody.
      this.#run(this.#state?.kind === "closed" ? undefined : input);
    });
    return undefined;
  }

  #close(gently: boolean): void {
    // A client that only ended its own half still reads what was said before.
    const gentle = gently || (this.#ended && !this.#lost);
    if (gentle) this.#flush();
    this.#wire.close(gentle);
  }

  #flush(): void {
    if (this.#out === "" || this.#lost) return;
    if (!this.#wire.write(this.#take())) this.#blocked ??= "client";
  }

  #take(): string {
    const said = this.#out;
    this.#out = "";
    return said;
  }
}

/** RFC 5321 §4.1.1.10: 221 answers QUIT alone. */
function endingBy(status: Status | undefined): Ending {
  return status?.code === 221 ? "quit" : "hung-up";
}

const LOST: ServerInput = { kind: "lost" };
const SHUTDOWN: ServerInput = { kind: "shutdown" };
