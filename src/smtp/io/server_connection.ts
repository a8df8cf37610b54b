import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock, Millis } from "../../base/mod.ts";
import { unmapped } from "../../mail/mod.ts";
import { publish } from "../../observe/mod.ts";
import { type Peer, type Reception, readingOf, type ServerConfig, type TimeLimit } from "../server/mod.ts";
import { type Deadline, deadline } from "./server_deadline.ts";
import { type Patience, patience, type Wait } from "./server_patience.ts";
import { type Ending, Runner } from "./server_runner.ts";
import { type ServerTls, sessionOf, startHandshake, watchKeys } from "./server_tls.ts";

export interface ConnectionOptions {
  readonly config: ServerConfig;
  readonly reception: Reception;
  readonly clock: Clock;
  /** Needed where `config.tls.starttls` is set, and for implicit TLS. */
  readonly tls?: ServerTls;
  /** TLS from the first octet (RFC 8314 §3). */
  readonly implicit: boolean;
  /** The client, where a proxy in front told who it is; by itself it is the other end of the socket. */
  readonly told?: Pick<Peer, "address" | "port" | "proxy">;
}

/** One connection being served. */
export interface ServedConnection {
  /** Resolves when the connection is closed and its last transaction is over. */
  readonly done: Promise<void>;
  /** The version of TLS in use, or "plaintext". */
  readonly tls: string;
  /** Who ended it; "lost" while nobody has, in order. */
  readonly ended: Ending;
  /** Says 421 as soon as the session reads a command; content that is coming in is taken and answered first. */
  drain(): void;
  /** Ends it now. */
  destroy(): void;
}

/** Serves SMTP on an accepted connection, made with `allowHalfOpen`. Never throws for what the client does. */
export function serveConnection(socket: Socket, options: ConnectionOptions): ServedConnection {
  const connection = new Connection(socket, options);
  connection.start();
  return connection;
}

/** Owns the socket and the timer of one session. */
class Connection implements ServedConnection {
  readonly done: Promise<void>;
  readonly #options: ConnectionOptions;
  readonly #peer: Peer;
  readonly #runner: Runner;
  readonly #patience: Patience;
  readonly #deadline: Deadline;
  readonly #finish: () => void;
  #stream: Socket | TLSSocket;
  #gone = false;
  #tls = "plaintext";
  /** The turn for which the deadline was set; octets that complete nothing do not move it. */
  #turns = 0;
  /** Grows with each wait, so that one that ran out is told from one that was replaced. */
  #waits = 0;
  #limit: TimeLimit = "command-time";

  constructor(socket: Socket, options: ConnectionOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#finish = resolve;
    this.#options = options;
    this.#stream = socket;
    this.#peer = options.told ?? { address: unmapped(socket.remoteAddress ?? ""), port: socket.remotePort ?? 0 };
    this.#patience = patience(options.config.limits, options.clock.monotonic());
    this.#deadline = deadline(options.clock, () => this.#expired());
    this.#runner = new Runner({
      config: options.config,
      reception: options.reception,
      wire: {
        write: (text) => this.#write(text),
        startTls: (text) => this.#startTls(text),
        close: (gently) => this.#close(gently),
        progress: () => this.#progress(),
      },
    });
  }

  start(): void {
    const socket = this.#stream;
    socket.setNoDelay(true);
    socket.on("error", ignore);
    // It was gone before anybody looked; a socket that somebody looked at before keeps its address, and tells of its end once.
    if (socket.destroyed || socket.remoteAddress === undefined) {
      socket.destroy();
      this.#finish();
      return;
    }
    if (this.#options.implicit) {
      this.#handshake((tls) => this.#begin({ ...this.#peer, tls }));
      this.#await(this.#patience.wait(undefined, undefined, this.#options.clock.monotonic()));
      return;
    }
    this.#listen();
    this.#begin(this.#peer);
  }

  /** Greets once what the client sent unasked can have been read: by then the loop has polled the socket. */
  #begin(peer: Peer): void {
    setImmediate(() =>
      setImmediate(() => {
        if (!this.#gone) this.#runner.begin(peer);
      }),
    );
  }

  get tls(): string {
    return this.#tls;
  }

  get ended(): Ending {
    return this.#runner.ending;
  }

  drain(): void {
    this.#runner.drain();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #write(text: string): boolean {
    if (this.#stream.destroyed || !this.#stream.writable) return true;
    if (this.#stream.write(text)) return true;
    this.#stream.once("drain", () => this.#runner.unblocked());
    return false;
  }

  /** RFC 3207 §4.2: nothing that came in plaintext is carried over into TLS. */
  #startTls(text: string): boolean {
    if (!this.#hasCertificate()) return false;
    const plain = this.#stream;
    plain.pause();
    plain.off("data", this.#onData).off("end", this.#onEnd);
    const clean = (): boolean => this.#runner.buffered === 0 && plain.readableLength === 0;
    if (clean()) plain.write(text);
    if (!clean()) {
      plain.destroy();
      return true;
    }
    plain.off("close", this.#onClose);
    this.#handshake((tls) => this.#runner.secured(tls));
    return true;
  }

  #hasCertificate(): boolean {
    try {
      return this.#options.tls?.contextFor() !== undefined;
    } catch (error) {
      publish("hopseal:fault", { where: "smtp server, TLS", text: String(error) });
      return false;
    }
  }

  #handshake(secured: (tls: NonNullable<Peer["tls"]>) => void): void {
    const plain = this.#stream;
    const stream = this.#secure();
    if (stream === undefined) return;
    this.#stream = stream;
    const { clock } = this.#options;
    const since = clock.monotonic();
    stream.on("error", (error) => this.#handshakeFailed(error));
    stream.on("close", this.#onClose);
    const cut = (): void => void stream.destroy();
    // What is no TLS, after the handshake, ends nothing by itself: the library tells of it by this event alone.
    stream.on("_tlsError", cut);
    // An end in the middle of the handshake is heard by those alone who read.
    stream.once("end", cut).resume();
    stream.once("secure", () => {
      const session = sessionOf(stream);
      if (session === undefined) {
        stream.destroy();
        return;
      }
      stream.off("close", this.#onClose).off("end", cut);
      this.#tls = session.version;
      publish("hopseal:handshake", { side: "server", version: session.version, took: clock.monotonic() - since });
      watchKeys(stream, () => this.#abused(plain));
      this.#listen();
      secured(session);
    });
  }

  /** Without a usable certificate the connection ends: in plaintext it must not go on (RFC 3207 §4.1). */
  #secure(): TLSSocket | undefined {
    try {
      if (this.#options.tls === undefined) throw new Error("the listener has no certificates");
      return startHandshake(this.#stream, this.#options.tls);
    } catch (error) {
      publish("hopseal:fault", { where: "smtp server, TLS", text: String(error) });
      this.#stream.on("close", this.#onClose).destroy();
      return undefined;
    }
  }

  #handshakeFailed(error: Error): void {
    const { state } = this.#runner;
    if (state !== undefined && state.kind !== "await-tls") return;
    publish("hopseal:refused", {
      stage: "handshake",
      client: this.#peer.address,
      cause: "tls-handshake-failed",
      text: "code" in error && typeof error.code === "string" ? error.code : error.message,
    });
  }

  /** Another handshake costs us far more than the client. The connection below goes at once, in the middle of what was read. */
  #abused(plain: Socket): void {
    if (plain.destroyed) return;
    plain.destroy();
    publish("hopseal:limited", {
      limit: "renegotiation",
      client: this.#peer.address,
      text: "The client asks for new keys again and again",
    });
  }

  #close(gently: boolean): void {
    if (!gently) {
      this.#stream.destroy();
      return;
    }
    // Reading on until the client ends too keeps the system from resetting the connection under the last reply.
    this.#stream.end();
    this.#stream.resume();
    this.#await({ after: LINGER, limit: "command-time" });
  }

  /** Sets the deadline for what the session waits for now, and reads on or pauses. */
  #progress(): void {
    const { state, waitsFor, turns } = this.#runner;
    if (this.#gone && (state === undefined || this.#runner.over)) {
      this.#deadline[Symbol.dispose]();
      this.#finish();
    }
    if (state === undefined || state.kind === "closed" || this.#gone) return;
    const wait = this.#patience.wait(state, waitsFor, this.#options.clock.monotonic());
    if (turns !== this.#turns) {
      this.#turns = turns;
      this.#await(wait);
    }
    if (waitsFor !== undefined && this.#runner.buffered > HIGH_WATER) this.#stream.pause();
    else if (this.#stream.isPaused() && state.kind !== "await-tls") this.#stream.resume();
  }

  #await(wait: Wait | undefined): void {
    this.#waits++;
    if (wait !== undefined) this.#limit = wait.limit;
    this.#deadline.extend(wait?.after);
  }

  /** What the system has already got of the client counts: it may be us who came too late to read it. */
  #expired(): void {
    const waits = this.#waits;
    setImmediate(() => {
      if (!this.#gone && (waits === this.#waits || this.#hasEnded())) this.#overdue();
    });
  }

  /** The connection has lasted for too long, however much the client still sends. */
  #hasEnded(): boolean {
    const { state, waitsFor } = this.#runner;
    const wait = this.#patience.wait(state, waitsFor, this.#options.clock.monotonic());
    return wait?.limit === "connection-time" && wait.after === 0;
  }

  #overdue(): void {
    const { state, waitsFor } = this.#runner;
    if (state?.kind === "closed") this.#stream.destroy();
    else if (state === undefined) this.#cutFor("The TLS handshake takes too long");
    else if (waitsFor === "client") this.#cutFor("The client reads no replies");
    else this.#runner.expired(this.#limit);
  }

  #cutFor(text: string): void {
    publish("hopseal:limited", { limit: this.#limit, client: this.#peer.address, text });
    this.#stream.destroy();
  }

  #listen(): void {
    this.#stream.on("data", this.#onData).on("end", this.#onEnd).on("close", this.#onClose);
  }

  readonly #onData = (chunk: Buffer): void => {
    const { state } = this.#runner;
    const reading = state === undefined ? undefined : readingOf(state).kind;
    if (reading === "data" || reading === "chunk") this.#patience.earn(chunk.length, this.#options.clock.monotonic());
    this.#runner.receive(chunk);
  };

  readonly #onEnd = (): void => this.#runner.end();

  readonly #onClose = (): void => {
    this.#gone = true;
    this.#runner.lose();
  };
}

function ignore(): void {}

/** Octets of a client that may wait while the house is busy. */
const HIGH_WATER = 65536;
/** How long a client may take to end its half after our last reply. */
const LINGER: Millis = 5000;
