import { type Millis, seededRandom, systemClock, systemRandom, utf8 } from "../../src/base/mod.ts";
import { type Delivery, patientDial, startDelivery } from "../../src/delivery/remote/mod.ts";
import { domain, type Envelope, NULL_REVERSE_PATH } from "../../src/mail/mod.ts";
import { type Events, subscribe } from "../../src/observe/mod.ts";
import { policySources, startStsCache } from "../../src/policy/io/mod.ts";
import { admit, allowPlaintext, confirmPeer, type PolicySources, type Taking } from "../../src/policy/mod.ts";
import { type Destination, newQueueId, type Store } from "../../src/queue/mod.ts";
import { memoryStore } from "../../src/queue/store/mod.ts";
import { openSession, tcpDialer } from "../../src/smtp/io/mod.ts";
import { parseTallyKey } from "../../src/tlsrpt/mod.ts";
import { isSeenKey } from "../../src/tlsrpt/seen.ts";
import { tallier } from "../../src/daemon/policy_tally.ts";
import { demandOf, policiesOf, recipientDomain, takingOf } from "./policy-errand.ts";
import { foretold } from "./policy-foretell.ts";
import type { Placed, PolicyWorld } from "./policy-world.ts";

/** Sends one message for each row through the whole sending side; what came of each, as `Row.gives` has it. */
export async function runRows(world: PolicyWorld): Promise<readonly (readonly [string, string])[]> {
  const results = new Map<Placed, string>();
  const groups = Map.groupBy(world.rows, ({ row }) => JSON.stringify(row.taking ?? {}));
  for (const group of groups.values()) {
    for (const [placed, line] of await runGroup(world, group)) results.set(placed, line);
  }
  return world.rows.map((placed) => [placed.row.is, results.get(placed) ?? "nothing"]);
}

async function runGroup(world: PolicyWorld, group: readonly Placed[]): Promise<ReadonlyMap<Placed, string>> {
  await using store = memoryStore({ clock: systemClock });
  const taking = takingOf(group[0]?.row);
  await using opened = sourcesIn(world, taking);
  const { sources } = opened;
  const ended = await deliverGroup(group, { world, store, sources, taking });
  const counted = await countedBy(store, group);
  const results = new Map<Placed, string>();
  for (const placed of group) {
    const line = ended.get(placed);
    if (line === undefined) throw new Error(`Nothing came of ${placed.row.is}`);
    const told = await foretold(placed, { world, sources, taking });
    const word = line.tls.endsWith(":plaintext") || !line.tls.includes("!") ? line.tls : "no";
    results.set(
      placed,
      [
        sayEnd(line, placed),
        ...(counted.get(placed) ?? []),
        ...askedFor(world, placed),
        ...sawAt(placed),
        ...(told === word || line.code === 450 || line.text.includes("nobody") ? [] : [`FORETOLD ${told}`]),
      ].join(" | "),
    );
  }
  return results;
}

export interface Parts {
  readonly world: PolicyWorld;
  readonly store: Store;
  readonly sources: PolicySources;
  readonly taking: Taking;
  /** How long an idle connection waits for another message; default as the program has it. */
  readonly reuse?: Millis;
}

type Line = Events["hopseal:attempt"];

async function deliverGroup(group: readonly Placed[], parts: Parts): Promise<ReadonlyMap<Placed, Line>> {
  const { store } = parts;
  const lines = new Map<Placed, Line>();
  const waiting = new Map<string, Placed>();
  const over = Promise.withResolvers<void>();
  using _listening = subscribe("hopseal:attempt", (line) => {
    const placed = waiting.get(line.id);
    if (placed === undefined || lines.has(placed)) return;
    lines.set(placed, line);
    if (lines.size === group.length) over.resolve();
  });
  for (const placed of group) waiting.set(await commit(store, placed), placed);
  const stop = new AbortController();
  const delivery = deliverIn(group, parts, stop.signal);
  try {
    await over.promise;
  } finally {
    stop.abort();
    await delivery.done;
  }
  return lines;
}

/** Starts the sending side in this world; it works until the signal. */
export function deliverIn(
  group: readonly Placed[],
  { world, store, sources, taking, reuse }: Parts,
  signal: AbortSignal,
): Delivery {
  const tcp = tcpDialer({ clock: systemClock });
  const dial = patientDial(
    async (target, abort) => await tcp({ ...target, address: "127.0.0.1", port: world.portOf(target.address) }, abort),
    systemClock,
  );
  const gate = { confirmPeer, allowPlaintext, admit };
  const session = { hostname: "mx1.rook.example", trust: world.trust, clock: systemClock, gate, dial };
  return startDelivery({
    store,
    clock: systemClock,
    random: seededRandom(1),
    resolver: world.resolver,
    openSession: async (target, decision, rung, abort) =>
      await openSession(target, decision, rung, { ...session, ...(abort === undefined ? {} : { signal: abort }) }),
    routes: group.flatMap((placed) => {
      const { hop } = placed.published;
      if (hop === undefined) return [];
      const target = { kind: "smtp", mode: "starttls", ...hop, host: placed.name(hop.host) } as const;
      return [{ recipients: [recipientDomain(placed)], target }];
    }),
    policies: policiesOf(group),
    hostname: domain("mx1.rook.example"),
    postmaster: { localPart: "postmaster", domain: domain("rook.example") },
    self: { names: [], addresses: [] },
    sources,
    taking,
    tally: tallier({ clock: systemClock, taking }),
    concurrency: 12,
    ...(reuse === undefined ? {} : { reuse }),
    newQueueId: () => newQueueId(systemClock, systemRandom),
    signal,
  });
}

/** What the destinations of this world publish, asked for anew until disposed. */
export function sourcesIn(world: PolicyWorld, taking: Taking): { readonly sources: PolicySources } & AsyncDisposable {
  const cache = startStsCache({
    resolver: world.resolver,
    fetch: world.fetch,
    store: world.store,
    clock: systemClock,
    random: seededRandom(7),
  });
  const sources = policySources({
    resolver: world.resolver,
    clock: systemClock,
    dane: { off: async () => undefined, insecureMx: taking.daneInsecureMx },
    sts: cache,
  });
  return { sources, [Symbol.asyncDispose]: async () => await cache[Symbol.asyncDispose]() };
}

/** Queues the message of a row; its id. */
export async function commit(store: Store, placed: Placed): Promise<string> {
  const id = newQueueId(systemClock, systemRandom);
  const body = utf8("Subject: x\r\n\r\nThe canary sings\r\n");
  const sink = store.stage();
  await sink.write(body);
  const to = domain(recipientDomain(placed));
  const envelope: Envelope = {
    reversePath:
      placed.row.notice === true
        ? NULL_REVERSE_PATH
        : { kind: "mailbox", mailbox: { localPart: "ada", domain: domain("rook.example") } },
    recipients: [{ mailbox: { localPart: "bo", domain: to }, notify: "never" }],
    body: "7bit",
    smtpUtf8: false,
    dsn: {},
    demand: demandOf(placed.row),
    origin: { kind: "local" },
    content: { size: body.length, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 16 },
  };
  const units = [{ destination: to as string as Destination, recipients: [0] }];
  await store.commit({ id, acceptedAt: systemClock.now(), envelope, units }, await sink.finish());
  return id;
}

function sayEnd({ outcome, enhanced, tls, host }: Line, { short }: Placed): string {
  const status = outcome === "delivered" || enhanced === undefined ? [] : [enhanced];
  return [outcome, ...status, tls, ...(host === undefined ? [] : [short(host)])].join(" ");
}

async function countedBy(store: Store, group: readonly Placed[]): Promise<ReadonlyMap<Placed, readonly string[]>> {
  const counted = new Map<Placed, string[]>();
  for (const { key, count } of await store.tallies()) {
    if (isSeenKey(key)) continue;
    const record = parseTallyKey(key);
    if (!record.ok) throw new Error(record.error);
    const { policy, result, host } = record.value;
    const placed = group.find(({ short }) => short(policy.domain) !== policy.domain);
    if (placed === undefined) continue;
    const often = count === 1 ? "" : `${count} × `;
    const text = `${often}${policy.type} ${result}${host === undefined ? "" : ` ${placed.short(host)}`}`;
    counted.set(placed, [...(counted.get(placed) ?? []), text].sort());
  }
  return counted;
}

function askedFor(world: PolicyWorld, { short }: Placed): readonly string[] {
  const names = world.tlsaAsked().flatMap((name) => (short(name) === name ? [] : [short(name)]));
  return names.length === 0 ? [] : [`TLSA? ${names.join(" ")}`];
}

function sawAt(placed: Placed): readonly string[] {
  return placed.saw().flatMap(([host, saw]) => (saw.length === 0 ? [] : [`${host}: ${placed.short(saw.join(", "))}`]));
}
