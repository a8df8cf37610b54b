export * from "./answer.ts";
export * from "./resolve/types.ts";
export type { Exchange, ExchangeFault, ExchangeOptions } from "./wire/exchange.ts";
export type { Message, RawRecord } from "./wire/message.ts";
