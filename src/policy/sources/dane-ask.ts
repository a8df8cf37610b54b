import type { Answer, DnsName, RecordTypes, Tlsa } from "../../dns/mod.ts";

/** One question to DNS; the answer has the type that it names. */
export interface DaneAsk {
  readonly name: DnsName;
  readonly type: "TLSA" | "CNAME";
}
export type DaneAnswer = Answer<Tlsa> | Answer<DnsName>;

/** Asks one question of whoever runs the generator. */
export function* askDns<T extends DaneAsk["type"]>(
  name: DnsName,
  type: T,
): Generator<DaneAsk, Answer<RecordTypes[T]>, DaneAnswer> {
  return (yield { name, type }) as Answer<RecordTypes[T]>;
}
