export * from "./answer.ts";
export * from "./dnssec/algorithms.ts";
export * from "./dnssec/anchors.ts";
export * from "./dnssec/limits.ts";
export * from "./resolve/resolver.ts";
export * from "./resolve/types.ts";
export type { Exchange, ExchangeFault, ExchangeOptions } from "./wire/exchange.ts";
export type { Message, RawRecord } from "./wire/message.ts";
export type { KnownZone } from "./resolve/walk.ts";
