import { subscribe } from "../events.ts";
import { ATTEMPTS, LATENCIES } from "./metrics_buckets.ts";
import type { Maker } from "./metrics_make.ts";

/** What is published, and the look-ups for it. */
export function countPolicy({ counter, histogram }: Maker): readonly Disposable[] {
  const news = counter("hopseal_policy_events_total", "What happened to stored policies, by source", [
    "source",
    "what",
  ]);
  const fetches = counter("hopseal_mta_sts_fetches_total", "Policy hosts asked, by outcome", ["outcome"]);
  const fetching = histogram("hopseal_mta_sts_fetch_seconds", "How long policy hosts took", { buckets: ATTEMPTS });
  const results = counter("hopseal_tls_results_total", "Outbound sessions in the words of TLS reports (RFC 8460)", [
    "policy",
    "result",
  ]);
  const lookups = counter("hopseal_dns_lookups_total", "Look-ups in DNS, by record type and what was proved", [
    "type",
    "result",
  ]);
  const looking = histogram("hopseal_dns_lookup_seconds", "How long look-ups in DNS took", { buckets: LATENCIES });
  const messages = counter("hopseal_dns_messages_total", "DNS messages wanted, from memory or from servers", ["from"]);
  const service = counter("hopseal_policy_service_answers_total", "What other mail servers were told of next hops", [
    "answer",
  ]);
  return [
    subscribe("hopseal:policy", ({ source, what }) => news(1, source, what)),
    subscribe("hopseal:sts-fetched", ({ outcome, took }) => {
      fetches(1, outcome);
      fetching(took / 1000);
    }),
    subscribe("hopseal:tls-result", ({ policy, result }) => results(1, policy, result)),
    subscribe("hopseal:resolved", ({ type, result, took }) => {
      lookups(1, type, result);
      looking(took / 1000);
    }),
    subscribe("hopseal:dns-wanted", ({ from }) => messages(1, from)),
    subscribe("hopseal:looked-up", ({ answer }) => service(1, firstWord(answer))),
  ];
}

/** "OK", "NOTFOUND", "TEMP" …; what follows may name hosts. */
function firstWord(answer: string): string {
  const end = answer.indexOf(" ");
  return end === -1 ? answer : answer.slice(0, end);
}
