import assert from "node:assert/strict";
import { test } from "node:test";
import { publish, type EventName, type Events } from "../events.ts";
import type { Gauges, MetricsSnapshot } from "../snapshot.ts";
import { startMetrics } from "./metrics.ts";
import { MOST_CHILDREN } from "./metrics_make.ts";
import { formatFor, mergeMetrics, renderMetrics } from "./metrics_text.ts";

const GAUGES: Gauges = {
  queue: { messages: 3, units: { due: 1, waiting: 2, leased: 1, held: 0 }, oldestDue: 7.5 },
  underWay: 1,
  paused: { receiving: true, sending: false, draining: false, destinations: 2 },
  certificate: 86_400,
  lists: [{ name: "ours", age: 60, expiry: -5 }],
  disk: { free: 1000, size: 4000 },
};

test("metrics: every event moves what is named for it, and what it does not know stays", async () => {
  const accepted = {
    id: "m1",
    from: "ann@pine.example",
    to: ["bo@rook.example"],
    client: "192.0.2.7",
    at: 0,
    durableAt: 5,
  };
  const attempt = {
    id: "m1",
    attempt: 1,
    from: "ann@pine.example",
    to: "bo@rook.example",
    host: "mx.rook.example",
    code: 250,
    text: "ok",
    at: 0,
    age: 61_000,
    took: 200,
    because: ["dane: the host has TLSA records (RFC 7672)", "dane: once more", "local: [[tls_policy]]"],
  } as const;
  const table: readonly Row[] = [
    [
      "hopseal:connection",
      { change: "opened", role: "mx" },
      { 'hopseal_smtp_connections_total{role="mx"}': 1, 'hopseal_smtp_open_connections{role="mx"}': 1 },
    ],
    [
      "hopseal:connection",
      { change: "closed", role: "mx", tls: "TLSv1.3", ended: "quit" },
      {
        'hopseal_smtp_open_connections{role="mx"}': -1,
        'hopseal_smtp_sessions_total{role="mx",tls="TLSv1.3",ended="quit"}': 1,
      },
    ],
    [
      "hopseal:handshake",
      { side: "server", version: "TLSv1.3", took: 40 },
      {
        'hopseal_tls_handshake_seconds_count{side="server",version="TLSv1.3"}': 1,
        'hopseal_tls_handshake_seconds_sum{side="server",version="TLSv1.3"}': 0.04,
      },
    ],
    [
      "hopseal:refused",
      { stage: "RCPT", client: "192.0.2.7", cause: "relay-denied", text: "no" },
      { 'hopseal_smtp_refused_total{stage="RCPT",cause="relay-denied"}': 1 },
    ],
    [
      "hopseal:accepted",
      { ...accepted, size: 5000, tls: "TLSv1.3:TLS_AES_256_GCM_SHA384", took: 30 },
      {
        'hopseal_accepted_messages_total{tls="TLSv1.3"}': 1,
        hopseal_accepted_bytes_total: 5000,
        hopseal_accepted_size_bytes_count: 1,
        hopseal_accept_latency_seconds_sum: 0.03,
      },
    ],
    [
      "hopseal:limited",
      { limit: "client-rate", client: "192.0.2.7" },
      { 'hopseal_limited_total{limit="client-rate"}': 1 },
    ],
    [
      "hopseal:fault",
      { where: "store", text: "no space for ann@pine.example" },
      { 'hopseal_faults_total{where="store"}': 1 },
    ],
    [
      "hopseal:stored",
      { calls: 12, ok: true, took: 3 },
      { hopseal_store_commit_seconds_count: 1, hopseal_store_group_calls_sum: 12 },
    ],
    ["hopseal:stored", { calls: 1, ok: false, took: 3 }, { hopseal_store_failed_groups_total: 1 }],
    ["hopseal:claimed", { units: 4 }, { hopseal_claimed_units_total: 4 }],
    [
      "hopseal:attempt",
      { ...attempt, outcome: "delivered", tls: "dane:dane" },
      {
        'hopseal_attempts_total{outcome="delivered"}': 1,
        'hopseal_attempt_seconds_sum{outcome="delivered"}': 0.2,
        hopseal_delivered_age_seconds_sum: 61,
        'hopseal_protection_total{wanted="dane",got="dane",outcome="delivered"}': 1,
        'hopseal_policy_reasons_total{source="dane"}': 1,
        'hopseal_policy_reasons_total{source="local"}': 1,
      },
    ],
    [
      "hopseal:attempt",
      { ...attempt, outcome: "deferred", tls: "secure:!verify", because: [] },
      {
        'hopseal_attempts_total{outcome="deferred"}': 1,
        hopseal_delivered_age_seconds_count: 0,
        'hopseal_protection_total{wanted="secure",got="!verify",outcome="deferred"}': 1,
      },
    ],
    ["hopseal:notified", { notices: 2 }, { hopseal_notices_total: 2 }],
    [
      "hopseal:outbound",
      { change: "dialled" },
      { hopseal_outbound_open_connections: 1, 'hopseal_outbound_connections_total{change="dialled"}': 1 },
    ],
    [
      "hopseal:outbound",
      { change: "reused" },
      { hopseal_outbound_open_connections: 0, 'hopseal_outbound_connections_total{change="reused"}': 1 },
    ],
    ["hopseal:outbound", { change: "closed" }, { hopseal_outbound_open_connections: -1 }],
    [
      "hopseal:policy",
      { domain: "rook.example", what: "weakened", source: "mta-sts", text: "…" },
      { 'hopseal_policy_events_total{source="mta-sts",what="weakened"}': 1 },
    ],
    [
      "hopseal:sts-fetched",
      { outcome: "webpki", took: 500 },
      { 'hopseal_mta_sts_fetches_total{outcome="webpki"}': 1, hopseal_mta_sts_fetch_seconds_sum: 0.5 },
    ],
    [
      "hopseal:tls-result",
      { policy: "tlsa", result: "validation-failure" },
      { 'hopseal_tls_results_total{policy="tlsa",result="validation-failure"}': 1 },
    ],
    [
      "hopseal:resolved",
      { type: "TLSA", result: "bogus", took: 25 },
      { 'hopseal_dns_lookups_total{type="TLSA",result="bogus"}': 1, hopseal_dns_lookup_seconds_sum: 0.025 },
    ],
    ["hopseal:dns-wanted", { from: "memory" }, { 'hopseal_dns_messages_total{from="memory"}': 1 }],
    [
      "hopseal:looked-up",
      { nextHop: "rook.example", answer: "OK secure match=mx.rook.example", row: "3", because: [], took: 1 },
      { 'hopseal_policy_service_answers_total{answer="OK"}': 1 },
    ],
  ];
  using metrics = await startMetrics();
  for (const [name, event, expected] of table) {
    const before = valuesOf(await metrics.snapshot(GAUGES));
    publish(name, event);
    const after = valuesOf(await metrics.snapshot(GAUGES));
    for (const [series, by] of Object.entries(expected)) {
      const moved = (after.get(series) ?? NaN) - (before.get(series) ?? 0);
      assert.ok(Math.abs(moved - by) < 1e-9, `${name}: ${series} moved by ${moved}, not ${by}`);
    }
  }
  const text = renderMetrics([await metrics.snapshot(GAUGES)], "prometheus").text;
  assert.doesNotMatch(text, /rook\.example|pine\.example|192\.0\.2|m1/, "no address, domain or id is a label");
});

type Row = { readonly [N in EventName]: readonly [N, Events[N], Readonly<Record<string, number>>] }[EventName];

test("metrics: gauges are what the house says, and gone when it does not know", async () => {
  using metrics = await startMetrics();
  const known = valuesOf(await metrics.snapshot(GAUGES));
  const expected = {
    hopseal_queue_messages: 3,
    'hopseal_queue_units{state="waiting"}': 2,
    'hopseal_queue_units{state="held"}': 0,
    hopseal_queue_oldest_due_seconds: 7.5,
    hopseal_deliveries_under_way: 1,
    'hopseal_paused{what="receiving"}': 1,
    'hopseal_paused{what="sending"}': 0,
    hopseal_paused_destinations: 2,
    hopseal_certificate_expiry_seconds: 86_400,
    'hopseal_policy_list_age_seconds{list="ours"}': 60,
    'hopseal_policy_list_expiry_seconds{list="ours"}': -5,
    hopseal_disk_free_bytes: 1000,
    hopseal_disk_size_bytes: 4000,
  };
  for (const [series, value] of Object.entries(expected)) assert.equal(known.get(series), value, series);
  const { underWay, paused } = GAUGES;
  const less = valuesOf(await metrics.snapshot({ underWay, paused, lists: [] }));
  const left = Object.keys(expected).filter((series) => less.has(series));
  assert.deepEqual(left, Object.keys(expected).slice(4, 8));
});

test("metrics: names, units, help and labels follow the rules of Prometheus", async () => {
  using metrics = await startMetrics();
  const snapshot = await metrics.snapshot(GAUGES);
  assert.equal(new Set(snapshot.map(({ name }) => name)).size, snapshot.length);
  // In OpenMetrics a counter's family has no _total, and may not be called as another.
  const families = snapshot.map(({ name, type }) => (type === "counter" ? name.replace(/_total$/, "") : name));
  assert.equal(new Set(families).size, families.length);
  for (const { name, help, type, values } of snapshot) {
    assert.match(name, /^(?:hopseal|process|nodejs)_[a-z0-9]+(?:_[a-z0-9]+)*$/);
    assert.ok(help.length > 5, `${name} has help`);
    assert.equal(type === "counter", name.endsWith("_total"), name);
    for (const { labels } of values) for (const label of Object.keys(labels)) assert.match(label, /^[a-z_]+$/);
    if (!name.startsWith("hopseal_")) continue;
    assert.doesNotMatch(name, /_(?:count|sum|bucket|milliseconds|ms|minutes|kb|mb|percent)(?:_|$)/, "base units");
    if (type === "histogram") assert.match(name, /_(?:seconds|bytes|calls)$/);
    assert.match(help, /^[A-Z0-9]/);
    assert.doesNotMatch(help, /\.$/);
  }
});

test("metrics: label values beyond a bound are counted as other", async () => {
  using metrics = await startMetrics();
  for (let at = 0; at < MOST_CHILDREN + 50; at++) publish("hopseal:fault", { where: `place ${at}`, text: "x" });
  const snapshot = await metrics.snapshot(GAUGES);
  const faults = snapshot.find(({ name }) => name === "hopseal_faults_total");
  assert.equal(faults?.values.length, MOST_CHILDREN + 1);
  assert.equal(faults?.values.find(({ labels }) => labels["where"] === "other")?.value, 50);
});

test("metrics: once disposed nothing is counted", async () => {
  const metrics = await startMetrics();
  metrics[Symbol.dispose]();
  publish("hopseal:limited", { limit: "paused" });
  assert.deepEqual(await metrics.snapshot(GAUGES), []);
});

const SAMPLE = (value: number, more: MetricsSnapshot = []): MetricsSnapshot => [
  { name: "a_total", help: "A", type: "counter", aggregator: "sum", values: [{ value, labels: { x: "1" } }] },
  { name: "b", help: "B \\ \n", type: "gauge", aggregator: "max", values: [{ value, labels: {} }] },
  { name: "c", help: "C", type: "gauge", aggregator: "min", values: [{ value, labels: {} }] },
  { name: "d", help: "D", type: "gauge", aggregator: "first", values: [{ value, labels: {} }] },
  { name: "e", help: "E", type: "gauge", aggregator: "average", values: [{ value, labels: {} }] },
  {
    name: "f_seconds",
    help: "F",
    type: "histogram",
    aggregator: "sum",
    values: [
      { value, labels: { le: 1 }, metricName: "f_seconds_bucket" },
      { value: value + 1, labels: { le: "+Inf" }, metricName: "f_seconds_bucket" },
      { value: value * 2, labels: {}, metricName: "f_seconds_sum" },
      { value: value + 1, labels: {}, metricName: "f_seconds_count" },
    ],
  },
  ...more,
];

test("mergeMetrics: two processes become one by the rule of each metric; what one alone has is kept", () => {
  const only: MetricsSnapshot = [
    { name: "g_total", help: "G", type: "counter", aggregator: "sum", values: [{ value: 5, labels: { y: "2" } }] },
  ];
  const merged = mergeMetrics([SAMPLE(2), SAMPLE(4, only)]);
  assert.deepEqual(
    merged.map(({ name, values }) => [name, values.map(({ value }) => value)]),
    [
      ["a_total", [6]],
      ["b", [4]],
      ["c", [2]],
      ["d", [2]],
      ["e", [3]],
      ["f_seconds", [6, 8, 12, 8]],
      ["g_total", [5]],
    ],
  );
  assert.deepEqual(mergeMetrics([]), []);
});

test("mergeMetrics: the order of labels means nothing", () => {
  const one = (labels: Record<string, string>): MetricsSnapshot => [
    { name: "a_total", help: "A", type: "counter", aggregator: "sum", values: [{ value: 1, labels }] },
  ];
  const [merged] = mergeMetrics([one({ x: "1", y: "2" }), one({ y: "2", x: "1" }), one({ x: "2", y: "1" })]);
  assert.deepEqual(
    merged?.values.map(({ value }) => value),
    [2, 1],
  );
});

test("renderMetrics: both texts, with escapes and without the _total of a family in OpenMetrics", () => {
  const odd: MetricsSnapshot = [
    {
      name: "n_total",
      help: "N",
      type: "counter",
      aggregator: "sum",
      values: [{ value: 1, labels: { x: 'q"b\\n\n' } }],
    },
    {
      name: "o",
      help: "O",
      type: "gauge",
      aggregator: "sum",
      values: [
        { value: NaN, labels: {} },
        { value: -Infinity, labels: { z: "1" } },
      ],
    },
  ];
  const plain = renderMetrics([odd], "prometheus");
  assert.equal(plain.type, "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(
    plain.text,
    '# HELP n_total N\n# TYPE n_total counter\nn_total{x="q\\"b\\\\n\\n"} 1\n# HELP o O\n# TYPE o gauge\no NaN\no{z="1"} -Inf\n',
  );
  const open = renderMetrics([odd], "openmetrics");
  assert.equal(open.type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
  assert.equal(
    open.text,
    '# HELP n N\n# TYPE n counter\nn_total{x="q\\"b\\\\n\\n"} 1\n# HELP o O\n# TYPE o gauge\no NaN\no{z="1"} -Inf\n# EOF\n',
  );
  assert.equal(renderMetrics([], "openmetrics").text, "# EOF\n");
});

test("formatFor: OpenMetrics when it is asked for by name", () => {
  const scraper = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  const table = [undefined, "", "*/*", "text/plain", scraper].map(formatFor);
  assert.deepEqual(table, ["prometheus", "prometheus", "prometheus", "prometheus", "openmetrics"]);
});

/** name{labels} → value, in the order of the snapshot. */
function valuesOf(snapshot: MetricsSnapshot): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of renderMetrics([snapshot], "prometheus").text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const end = line.lastIndexOf(" ");
    values.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return values;
}
