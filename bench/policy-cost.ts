import { systemClock } from "../src/base/mod.ts";
import { type Events, subscribe } from "../src/observe/mod.ts";
import { memoryStore } from "../src/queue/store/mod.ts";
import { takingOf } from "../test/support/policy-errand.ts";
import { type Kit, type Row, tlsa } from "../test/support/policy-row.ts";
import { commit, deliverIn, type Parts, sourcesIn } from "../test/support/policy-run.ts";
import { type Placed, policyWorld } from "../test/support/policy-world.ts";
import { needs } from "../test/support/programs.ts";
import { type Effort, judge, type Result } from "./figures.ts";

/**
 * What a policy costs a delivery whose answers are known already: the same message to the same kind of host, which a
 * domain with nothing published gets unauthenticated and one with DANE or MTA-STS authenticated. In
 * milliseconds of processor time a message, both ends of the connection together. Undefined where the private DNS cannot
 * be had.
 */
export async function policyCost(effort: Effort): Promise<readonly (Result | undefined)[]> {
  if (needs("unbound", "nsd", "ldns-signzone") !== false) return [undefined];
  await using world = await policyWorld([row("may"), row("dane"), row("sts")]);
  const [may, dane, sts] = world.rows as [Placed, Placed, Placed];
  const taking = takingOf(undefined);
  await using opened = sourcesIn(world, taking);
  const results: Result[] = [];
  for (const connections of ["new", "kept"] as const) {
    const took = await rounds(ROUNDS[effort], [may, dane, sts], {
      world,
      sources: opened.sources,
      taking,
      ...REUSE[connections],
    });
    const [plain = [], byDane = [], bySts = []] = took;
    results.push(judged("DANE", connections, plain, byDane), judged("MTA-STS", connections, plain, bySts));
  }
  return results;
}

/** One host of its own for each, all with a trusted certificate that each policy fits. */
function row(policy: "may" | "dane" | "sts"): Row {
  return {
    is: policy,
    gives: "",
    world: ({ leaf, root }: Kit) => {
      const shown = leaf(["mx.S"]);
      const record = policy === "dane" ? [`_25._tcp.mx.S TLSA ${tlsa("3 1 1", shown)}`] : [];
      return {
        dns: ["S MX 10 mx.S", ...record],
        hosts: { "mx.S": { sends: [shown, root] } },
        ...(policy === "sts" ? { sts: { S: { serves: "enforce mx.S" } } } : {}),
      };
    },
  };
}

/** Milliseconds of processor time a message, a figure for each round, by turns. */
async function rounds(
  count: number,
  rows: readonly Placed[],
  parts: Omit<Parts, "store">,
): Promise<readonly (readonly number[])[]> {
  for (const one of rows) await deliver(one, WARM_UP, parts);
  const took: number[][] = rows.map(() => []);
  for (let at = 0; at < count; at++) {
    for (const [index, one] of rows.entries()) took[index]?.push(await deliver(one, PER_ROUND, parts));
  }
  return took;
}

async function deliver(placed: Placed, count: number, parts: Omit<Parts, "store">): Promise<number> {
  await using store = memoryStore({ clock: systemClock });
  const over = Promise.withResolvers<void>();
  const waiting = new Set<string>();
  using _listening = subscribe("hopseal:attempt", ({ id, outcome, tls }: Events["hopseal:attempt"]) => {
    if (outcome !== "delivered" || tls !== WORDS[placed.row.is])
      over.reject(new Error(`A message was ${outcome} ${tls}`));
    if (waiting.delete(id) && waiting.size === 0) over.resolve();
  });
  for (let at = 0; at < count; at++) waiting.add(await commit(store, placed));
  const stop = new AbortController();
  const begun = process.cpuUsage();
  const delivery = deliverIn([placed], { ...parts, store }, stop.signal);
  try {
    await over.promise;
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1000 / count;
  } finally {
    stop.abort();
    await delivery.done;
  }
}

function judged(
  policy: "DANE" | "MTA-STS",
  connections: keyof typeof REUSE,
  ...[may, ours]: readonly [readonly number[], readonly number[]]
): Result {
  const name = `delivery under ${policy}, ${connections === "new" ? "a connection each" : "connections kept"}`;
  const peer = { name: "the same without a policy", figures: may };
  return judge({ name, unit: "ms", ours, peer, bound: BOUND, less: true });
}

const WORDS: Readonly<Record<string, string>> = { may: "may:encrypted", dane: "dane:dane", sts: "sts:webpki" };
const REUSE = { new: { reuse: 0 }, kept: {} } as const;
const WARM_UP = 100;
const PER_ROUND = 200;
const ROUNDS = { short: 7, whole: 15 } as const;
/** A tenth at most. */
const BOUND = 0.9;
