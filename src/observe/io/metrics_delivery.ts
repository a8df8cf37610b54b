import { subscribe } from "../events.ts";
import { AGES, ATTEMPTS, GROUPS, LATENCIES } from "./metrics_buckets.ts";
import type { Maker } from "./metrics_make.ts";

/** The store, and what leaves. */
export function countDelivering({ counter, gauge, histogram }: Maker): readonly Disposable[] {
  const commits = histogram("hopseal_store_commit_seconds", "Groups of calls that the store made durable together", {
    buckets: LATENCIES,
  });
  const groups = histogram("hopseal_store_group_calls", "Calls in such a group", { buckets: GROUPS });
  const failed = counter("hopseal_store_failed_groups_total", "Groups of which a call failed for the disk's reasons");
  const claimed = counter("hopseal_claimed_units_total", "Units of the queue that delivery took in hand");
  const attempts = counter("hopseal_attempts_total", "Ends of attempts, one for each recipient, by outcome", [
    "outcome",
  ]);
  const durations = histogram("hopseal_attempt_seconds", "How long attempts took, by outcome", {
    buckets: ATTEMPTS,
    labels: ["outcome"],
  });
  const ages = histogram(
    "hopseal_delivered_age_seconds",
    "How long messages were in the queue when they were delivered",
    {
      buckets: AGES,
    },
  );
  const protection = counter(
    "hopseal_protection_total",
    "Ends of attempts by the protection that was wanted, what was reached, and the outcome",
    ["wanted", "got", "outcome"],
  );
  const reasons = counter(
    "hopseal_policy_reasons_total",
    "Ends of attempts that a source of policy had a say in, by source",
    ["source"],
  );
  const notices = counter("hopseal_notices_total", "Notices to senders that went into the queue");
  const outbound = gauge("hopseal_outbound_open_connections", "Connections to next hops, those being opened too", {
    aggregator: "sum",
  });
  const dialled = counter("hopseal_outbound_connections_total", "Connections to next hops, by what became of them", [
    "change",
  ]);
  outbound.set(0);
  return [
    subscribe("hopseal:stored", ({ calls, ok, took }) => {
      commits(took / 1000);
      groups(calls);
      if (!ok) failed(1);
    }),
    subscribe("hopseal:claimed", ({ units }) => claimed(units)),
    subscribe("hopseal:attempt", ({ outcome, tls, took, age, because }) => {
      attempts(1, outcome);
      durations(took / 1000, outcome);
      if (outcome === "delivered") ages(Math.max(0, age) / 1000);
      const [wanted = "", got = ""] = tls.split(":", 2);
      protection(1, wanted, got, outcome);
      for (const source of new Set(because.map(sourceOf))) reasons(1, source);
    }),
    subscribe("hopseal:notified", (event) => notices(event.notices)),
    subscribe("hopseal:outbound", ({ change }) => {
      if (change === "dialled") outbound.add(1);
      else if (change === "closed") outbound.add(-1);
      if (change !== "closed") dialled(1, change);
    }),
  ];
}

/** "mta-sts" of "mta-sts: the policy …". */
function sourceOf(because: string): string {
  const end = because.indexOf(": ");
  return end === -1 ? "other" : because.slice(0, end);
}
