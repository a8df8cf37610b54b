import type { Cell, CellPlan } from "../world/cell.ts";
import { type LabClock, labClock } from "../world/clock.ts";
import { watchThreads } from "../world/threads.ts";
import { openWorld, SENDER_DOMAIN, type World } from "../world/world.ts";
import { parseTallyKey, isSeenKey } from "../../src/tlsrpt/mod.ts";
import type { SenderSays } from "../oracle/classify.ts";
import { type LabMessage, messageOf } from "./message.ts";
import { sendPlainly } from "./plain.ts";
import { type Sender, startSender } from "./sender.ts";
import { submit } from "./submit.ts";
import { type Attempt, type Watch, watchSender } from "./watch.ts";

/** A cell when all is over. */
export interface Played {
  readonly cell: Cell;
  readonly message: LabMessage;
  readonly requireTls: boolean;
  readonly says: SenderSays;
  /** In the sender's words. */
  readonly reason: string;
  /** Every attempt, in order. */
  readonly attempts: readonly Attempt[];
  readonly notices: readonly Buffer[];
  readonly log: readonly string[];
  /** Failures in the tally for TLS reports, by result type; sorted, each once. */
  readonly failures: readonly string[];
  /** Domains of the cell whose MTA-STS policies lie on the disk, one for each file. */
  readonly stored: readonly string[];
  /** Hosts that were dialled although they must not be. */
  readonly dialled: readonly string[];
}

/** Plays cells whose clocks go alike, all at once, in a world of their own. */
export async function playTogether(plans: readonly CellPlan[], seed: number): Promise<readonly Played[]> {
  const clock = labClock();
  await using world = await openWorld(plans, clock);
  using watch = watchSender(world, clock.stir);
  using _threads = watchThreads(clock);
  const wall = { offset: plans[0]?.attack.clockOffset ?? 0 };
  const theirs = { ...clock, now: () => clock.now() + wall.offset };
  await using sender = await startSender({ world, clock: theirs, cells: world.cells, seed });
  const errands = world.cells.map((cell) => errandOf(cell, seed));
  await sendAhead(errands, { world, sender, clock, watch }, seed);
  const handed = await handAll(errands, { world, sender, clock, watch });
  await moveOn(world.cells, { sender, clock, wall });
  await noticesHome(sender, clock);
  const left = await queuedIn(sender);
  const failures = await failuresIn(sender);
  const stored = await sender.policies();
  return errands.map((errand) => gather(errand, { handed, watch, world, left, failures, stored }));
}

interface Errand {
  readonly cell: Cell;
  readonly message: LabMessage;
  readonly requireTls: boolean;
}

function errandOf(cell: Cell, seed: number): Errand {
  const spec = cell.plan.attack.message ?? {};
  const requireTls = spec.requireTls ?? cell.plan.policy === "P7";
  return { cell, message: messageOf(cell.names, spec, seed), requireTls };
}

/** One message after the other, so that each finds the connections of those before it; time stands still meanwhile. */
async function sendAhead(errands: readonly Errand[], { sender, clock, watch }: Playing, seed: number): Promise<void> {
  const gap = errands[0]?.cell.plan.attack.ahead?.gap ?? 0;
  await inLanes(errands, async ({ cell, requireTls }) => {
    const specs = cell.plan.attack.ahead?.messages ?? [];
    for (const [at, spec] of specs.entries()) {
      using _held = clock.hold();
      const message = messageOf(cell.names, spec, seed, at + 1);
      const refused = await submit(sender.port, message, { requireTls: spec.requireTls ?? requireTls, ...spec });
      if (refused !== undefined) throw new Error(`What goes ahead is refused: ${refused.text}`);
      await watch.until(() => watch.attempts(cell.names.domains.T).length > at);
    }
  });
  if (gap > 0) await clock.advance(gap);
  for (const { cell } of errands) cell.begin();
}

/** What came of handing a message in; absent once it is the sender's. */
interface Handed {
  readonly says: SenderSays;
  readonly reason: string;
}

interface Playing {
  readonly world: World;
  readonly sender: Sender;
  readonly clock: LabClock;
  readonly watch: Watch;
}

/** Resolves when every message was tried once. */
async function handAll(errands: readonly Errand[], playing: Playing): Promise<ReadonlyMap<Cell, Handed>> {
  const { clock, watch } = playing;
  const handed = new Map<Cell, Handed>();
  const tried = (cell: Cell): boolean => handed.has(cell) || attemptsOf(cell, watch).length > 0;
  let failure: unknown;
  const work = inLanes(errands, async (errand) => {
    const refused = await handIn(errand, playing);
    if (refused !== undefined) handed.set(errand.cell, refused);
  }).catch((error: unknown) => {
    failure = error;
  });
  for (let idle = 0; errands.some(({ cell }) => !tried(cell)); ) {
    await clock.quiet();
    if (failure !== undefined) throw failure;
    if (errands.every(({ cell }) => tried(cell))) break;
    idle = clock.jump() ? 0 : idle + 1;
    if (idle > MOST_IDLE) throw new Error("The lab waits for what will not happen");
  }
  await work;
  return handed;
}

/** P0 has a sender of its own; whoever waits for time there must not hold it up. */
async function handIn(
  { cell, message, requireTls }: Errand,
  { world, sender, clock }: Playing,
): Promise<Handed | undefined> {
  if (cell.plan.policy === "P0") {
    const { relay } = cell.plan.attack;
    const { state, text } = await sendPlainly(world, message, clock, relay && cell.names.spell(relay));
    return { says: { state: state === "failed" ? "refused" : state, authenticated: false }, reason: text };
  }
  using _held = clock.hold();
  const refused = await submit(sender.port, message, { ...cell.plan.attack.message, requireTls });
  return refused && { says: { state: "refused", authenticated: false }, reason: refused.text };
}

/** Plain senders all at once, for they wait; of those that hand in some at a time. */
async function inLanes(errands: readonly Errand[], work: (errand: Errand) => Promise<void>): Promise<void> {
  const plain = errands.filter(({ cell }) => cell.plan.policy === "P0");
  const others = errands.filter(({ cell }) => cell.plan.policy !== "P0").values();
  const lane = async (): Promise<void> => {
    for (const errand of others) await work(errand);
  };
  await Promise.all([...plain.map(work), ...Array.from({ length: LANES }, lane)]);
}

/** Cells that are played together move on together. */
async function moveOn(cells: readonly Cell[], { sender, clock, wall }: Moving): Promise<void> {
  for (const [at, { by, clock: forward = 0, restart }] of (cells[0]?.plan.attack.later ?? []).entries()) {
    wall.offset += forward;
    if (restart === true) {
      await clock.quiet();
      await sender.startAgain();
    }
    for (const cell of cells) {
      const attack = cell.plan.attack.later?.[at]?.attack;
      if (attack !== undefined) cell.turn(attack);
      if (attack?.list !== undefined) await sender.offer(cell, attack.list);
    }
    await clock.advance(by);
  }
}

interface Moving extends Pick<Playing, "sender" | "clock"> {
  /** By how much the sender's wall clock is wrong. */
  readonly wall: { offset: number };
}

/** Until no notice is on its way home. */
async function noticesHome(sender: Sender, clock: LabClock): Promise<void> {
  for (let jumps = 0; jumps < MOST_IDLE; jumps++) {
    await clock.quiet();
    if (!(await queuedIn(sender)).has(SENDER_DOMAIN)) return;
    clock.jump();
  }
  throw new Error("Notices do not get home");
}

/** Domains for which mail waits. */
async function queuedIn({ daemon }: Sender): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const { units } of await daemon.operator.list({ limit: 100_000 }))
    for (const { destination } of units) found.add(destination);
  return found;
}

async function failuresIn({ daemon }: Sender): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, Set<string>>();
  for (const { key } of await daemon.operator.tallies()) {
    if (isSeenKey(key)) continue;
    const record = parseTallyKey(key);
    if (!record.ok) throw new Error(record.error);
    const { policy, result } = record.value;
    if (result !== "success") found.set(policy.domain, (found.get(policy.domain) ?? new Set()).add(result));
  }
  return new Map([...found].map(([name, results]) => [name, [...results].sort()]));
}

interface Gathered {
  readonly handed: ReadonlyMap<Cell, Handed>;
  readonly watch: Watch;
  readonly world: World;
  readonly left: ReadonlySet<string>;
  readonly stored: readonly string[];
  readonly failures: ReadonlyMap<string, readonly string[]>;
}

function gather(errand: Errand, { handed, watch, world, left, failures, stored }: Gathered): Played {
  const { cell, message } = errand;
  const domain = cell.names.domains.T;
  const attempts = attemptsOf(cell, watch);
  const last = attempts.at(-1);
  const isLeft = [...left].some((destination) => world.cellOf(destination) === cell);
  const known = handed.get(cell) ?? { says: saysOf(last, isLeft), reason: last?.text ?? "" };
  return {
    ...errand,
    ...known,
    attempts,
    notices: world.returned.contents.flatMap(({ octets }) => (octets.includes(message.from) ? [octets] : [])),
    log: watch.log(domain),
    failures: failures.get(domain) ?? [],
    stored: stored.filter((kept) => world.cellOf(kept) === cell),
    dialled: (cell.plan.attack.mustNotDial ?? []).filter((host) => world.strangers.has(cell.names.spell(host))),
  };
}

/** Those of the message itself, and of none that went ahead. */
function attemptsOf({ names }: Cell, watch: Watch): readonly Attempt[] {
  return watch.attempts(names.domains.T).filter(({ to }) => to.startsWith("bo@"));
}

function saysOf(last: Attempt | undefined, queued: boolean): SenderSays {
  const authenticated = last !== undefined && PROVED.test(last.tls);
  if (last === undefined || (last.outcome === "deferred" && !queued)) return { state: "gone", authenticated };
  return { state: last.outcome, authenticated };
}

/** The actual half of the `tls=` word. */
const PROVED = /:(?:dane|webpki|pin)/;
/** Messages that are handed in at once. */
const LANES = 16;
const MOST_IDLE = 200;
