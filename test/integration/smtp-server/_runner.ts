import { domain } from "../../../src/mail/mod.ts";
import { type Reply, replyDecoder } from "../../../src/smtp/grammar/mod.ts";
import { Runner } from "../../../src/smtp/io/server_runner.ts";
import { DEFAULT_LIMITS, type Reception, type ServerLimits } from "../../../src/smtp/server/mod.ts";

/** A session without a socket: octets in, replies out. */
export interface Bare {
  readonly runner: Runner;
  send(text: string): void;
  /** Replies since the last call. */
  replies(): readonly Reply[];
  /** How the server ended the connection. */
  readonly closed: "gently" | "at once" | undefined;
}

export function bareSession(
  reception: Reception,
  options: { readonly limits?: Partial<ServerLimits>; readonly starttls?: boolean } = {},
): Bare {
  const decoder = replyDecoder();
  let closed: Bare["closed"];
  const say = (text: string): true => {
    decoder.push(Buffer.from(text));
    return true;
  };
  const runner = new Runner({
    config: {
      hostname: domain("mx.rook.example"),
      tls: { starttls: options.starttls ?? false, required: false },
      limits: { ...DEFAULT_LIMITS, ...options.limits },
    },
    reception,
    wire: {
      write: say,
      startTls: say,
      close(gently) {
        closed ??= gently ? "gently" : "at once";
      },
      progress() {},
    },
  });
  runner.begin({ address: "192.0.2.1", port: 1025 });
  return {
    runner,
    send: (text) => runner.receive(Buffer.from(text, "latin1")),
    replies() {
      const replies: Reply[] = [];
      for (let step = decoder.next(); step.kind === "reply"; step = decoder.next()) replies.push(step.reply);
      return replies;
    },
    get closed() {
      return closed;
    },
  };
}
