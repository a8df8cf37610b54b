/**
 * The SMTP server session: a pure machine that is told what the client, the house, TLS and the clock did, and says what to do.
 * The way of a session: await-admission, hello-expected, ready, then per message await-sender, in-transaction (with
 * await-recipient), await-sink, receiving-data or receiving-chunk and chunk-expected, await-finish, and ready again.
 */
export * from "./config.ts";
export * from "./effect.ts";
export * from "./input.ts";
export * from "./reception.ts";
export { patienceOf, readingOf, type ServerState, stageOf } from "./state.ts";
export { open, step } from "./step.ts";
