import type { Bytes } from "../../base/mod.ts";
import { replyDecoder } from "../grammar/mod.ts";
import type { ClientEffect, ClientInput, ClientOptions, ClientState } from "./state.ts";
import { firstState, step } from "./step.ts";

/** All inputs but replies, which come as the octets that arrive. */
export type ConversationInput =
  | Exclude<ClientInput, { readonly kind: "reply" | "reply-fault" }>
  | { readonly kind: "octets"; readonly octets: Bytes };

/** The machine with its decoder; still without I/O and clock. */
export interface Conversation {
  readonly state: ClientState;
  handle(input: ConversationInput): readonly ClientEffect[];
}

export function conversation(options: ClientOptions): Conversation {
  let decoder = replyDecoder();
  let state = firstState(options);
  const advance = (input: ClientInput): readonly ClientEffect[] => {
    const next = step(state, input);
    state = next.state;
    return next.effects;
  };
  const decode = (octets: Bytes): readonly ClientEffect[] => {
    const effects: ClientEffect[] = [];
    decoder.push(octets);
    // What is written from here on leaves only after all of `octets` was looked at.
    while (state.kind !== "closed") {
      const decoded = decoder.next();
      if (decoded.kind === "need-more") break;
      if (decoded.kind === "fault") {
        effects.push(...advance({ kind: "reply-fault", detail: decoded.fault.detail }));
      } else {
        const early = effects.some((effect) => effect.kind === "write");
        effects.push(...advance({ kind: "reply", reply: decoded.reply, early, more: decoder.buffered > 0 }));
      }
    }
    return effects;
  };
  return {
    get state() {
      return state;
    },
    handle(input) {
      if (input.kind === "octets") return decode(input.octets);
      // Nothing that was read in plaintext is ever read as said inside TLS.
      if (input.kind === "secured") decoder = replyDecoder();
      return advance(input);
    },
  };
}
