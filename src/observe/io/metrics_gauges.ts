import type { Gauges } from "../snapshot.ts";
import type { Maker, Mover } from "./metrics_make.ts";

/** What the house says of itself when it is asked; returns how to set all of it. */
export function gaugesOf({ gauge }: Maker): (now: Gauges) => void {
  const setters = [queueGauges(gauge), pauseGauges(gauge), policyGauges(gauge), diskGauges(gauge)];
  return (now) => {
    for (const set of setters) set(now);
  };
}

type MakeGauge = Maker["gauge"];

function queueGauges(gauge: MakeGauge): (now: Gauges) => void {
  const messages = gauge("hopseal_queue_messages", "Messages in the queue", SUM);
  const units = gauge("hopseal_queue_units", "Messages by destination in the queue, by state", {
    aggregator: "sum",
    labels: ["state"],
  });
  const oldest = gauge(
    "hopseal_queue_oldest_due_seconds",
    "How long the one that is due for longest has waited; 0 when none is due",
    { aggregator: "max" },
  );
  const underWay = gauge("hopseal_deliveries_under_way", "Messages by destination that are being delivered", SUM);
  return ({ queue, underWay: now }) => {
    underWay.set(now);
    if (queue === undefined) {
      for (const stale of [messages, units, oldest]) stale.clear();
      return;
    }
    messages.set(queue.messages);
    for (const [state, count] of Object.entries(queue.units)) units.set(count, state);
    oldest.set(queue.oldestDue);
  };
}

function pauseGauges(gauge: MakeGauge): (now: Gauges) => void {
  const paused = gauge("hopseal_paused", "1 while an operator has stopped it", { aggregator: "max", labels: ["what"] });
  const destinations = gauge("hopseal_paused_destinations", "Recipient domains to which nothing is sent", {
    aggregator: "max",
  });
  return (now) => {
    for (const what of ["receiving", "sending", "draining"] as const) paused.set(now.paused[what] ? 1 : 0, what);
    destinations.set(now.paused.destinations);
  };
}

function policyGauges(gauge: MakeGauge): (now: Gauges) => void {
  const labels = ["list"];
  const certificate = gauge("hopseal_certificate_expiry_seconds", "Time until the first of our certificates ends", {
    aggregator: "min",
  });
  const age = gauge("hopseal_policy_list_age_seconds", "Age of a policy list", { aggregator: "max", labels });
  const expiry = gauge("hopseal_policy_list_expiry_seconds", "Time until a policy list ends, negative afterwards", {
    aggregator: "min",
    labels,
  });
  return (now) => {
    for (const stale of [certificate, age, expiry]) stale.clear();
    setIfKnown(certificate.set, now.certificate);
    for (const list of now.lists) {
      age.set(list.age, list.name);
      expiry.set(list.expiry, list.name);
    }
  };
}

function diskGauges(gauge: MakeGauge): (now: Gauges) => void {
  const free = gauge("hopseal_disk_free_bytes", "Room that is left on the file system of the queue", MIN);
  const size = gauge("hopseal_disk_size_bytes", "Size of the file system of the queue", MIN);
  return ({ disk }) => {
    for (const stale of [free, size]) stale.clear();
    setIfKnown(free.set, disk?.free);
    setIfKnown(size.set, disk?.size);
  };
}

function setIfKnown(set: Mover, value: number | undefined): void {
  if (value !== undefined) set(value);
}

const SUM = { aggregator: "sum" } as const;
const MIN = { aggregator: "min" } as const;
