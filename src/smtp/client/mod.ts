export * from "./conversation.ts";
export type { ClientEffect, ClientOptions, ClientState, TransactionRequest } from "./state.ts";
export * from "./timeouts.ts";
export * from "./tls_trouble.ts";
export * from "./types.ts";
