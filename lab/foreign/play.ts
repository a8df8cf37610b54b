import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/mod.ts";
import { catalogue } from "../catalogue/mod.ts";
import { SCENARIOS } from "../rows/mod.ts";
import { type Expected, expectedOf } from "../run/expect.ts";
import { judge } from "../run/judge.ts";
import { type LabMessage, messageOf } from "../run/message.ts";
import type { RunOptions } from "../run/run.ts";
import { type Attack, type CellResult, type LabResult, POLICIES } from "../types.ts";
import type { Cell, CellPlan } from "../world/cell.ts";
import type { LabClock } from "../world/clock.ts";
import { openWorld, SENDER_HOST, type World } from "../world/world.ts";
import { openNetwork } from "./network.ts";
import type { Driver, Fate, Mta } from "./types.ts";

/** What came of it, and which program it was. */
export interface Foreign {
  readonly result: LabResult;
  readonly version: string;
}

/** Plays the lab's rows against a program that is not ours, in real time; to be run in namespaces of its own. */
export async function playForeign(driver: Driver, options: RunOptions): Promise<Foreign> {
  const planned = plansFor(driver, options);
  const folder = await mkdtemp(join(tmpdir(), "hopseal-foreign-"));
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => await rm(folder, { recursive: true, force: true }));
  const world = undo.use(await openWorld([...planned.keys()], realTime()));
  undo.use(await openNetwork(world, folder));
  const { cells, authority } = world;
  const mta = undo.use(await driver.start({ cells, roots: authority.pem, hostname: SENDER_HOST }));
  const errands = cells.map((cell) => ({
    cell,
    message: messageOf(cell.names, cell.plan.attack.message ?? {}, options.seed),
  }));
  // What hangs for long comes last: a resolver that waits for one answer serves others badly.
  const [slow, quick] = [errands.filter(isSlow), errands.filter((errand) => !isSlow(errand))];
  const { progress } = options;
  const say =
    (before: number) =>
    (done: number): void =>
      progress?.(before + done, errands.length);
  await send(quick, { driver, mta, world, progress: say(0) });
  await send(slow, { driver, mta, world, progress: say(quick.length) });
  const log = await mta.log();
  const results = errands.map((errand) => resultOf(errand, { driver, log, world, planned }));
  return { result: { version: 1, seed: options.seed, cells: results.sort(inOrder), claims: [] }, version: mta.version };
}

/** Time cannot be moved for a program that is not ours, so rows that need it are left out. */
function plansFor(driver: Driver, { rows, policies }: RunOptions): ReadonlyMap<CellPlan, Expected> {
  const known = new Map(catalogue().map((row) => [row.id, row]));
  const planned = new Map<CellPlan, Expected>();
  for (const scenario of SCENARIOS) {
    if (rows?.includes(scenario.row) === false) continue;
    for (const variant of scenario.variants) {
      const { attack } = variant;
      if (needsOurs(attack)) continue;
      for (const policy of driver.policies) {
        const wanted = (variant.policies ?? scenario.policies)?.includes(policy) ?? true;
        const expected = expectedOf({ scenario, variant, policy }, known.get(scenario.row));
        if (!wanted || expected === undefined || policies?.includes(policy) === false || policy === "P7") continue;
        // Another program's reports are not seen.
        const { alert: _ours, ...rest } = expected;
        planned.set({ row: scenario.row, variant: variant.id, policy, attack, base: policy }, rest);
      }
    }
  }
  return planned;
}

/** What only our own program is told, or what moves time. */
function needsOurs({ later, clockOffset, ahead, list, ruleWithoutHosts, relay, message }: Attack): boolean {
  const parts = [later, clockOffset, ahead, list, ruleWithoutHosts, relay, message?.requireTls, message?.by];
  return parts.some((part) => part !== undefined);
}

interface Errand {
  readonly cell: Cell;
  readonly message: LabMessage;
}
interface Sending extends Pick<RunOptions, "progress"> {
  readonly driver: Driver;
  readonly mta: Mta;
  readonly world: World;
}

function isSlow({ cell: { plan } }: Errand): boolean {
  const { dns = [], smtp = {} } = plan.attack;
  return (
    dns.some(({ does }) => does.kind === "silence") ||
    Object.values(smtp).some(
      (wire) => wire.kind === "drop" || (wire.kind === "script" && wire.steps.some(({ kind }) => kind === "blackhole")),
    )
  );
}

/** Hands everything in, waits for a first attempt at each, has what waits tried once more, and waits for notices. */
async function send(errands: readonly Errand[], sending: Sending): Promise<void> {
  const { driver, mta, world, progress } = sending;
  const waiting = errands.values();
  const lane = async (): Promise<void> => {
    for (const { message } of waiting) await mta.take(message);
  };
  const fates = async (): Promise<readonly (Fate | undefined)[]> => {
    const log = await mta.log();
    return errands.map(({ cell, message }) => driver.fateOf(log, cell, message));
  };
  const known = async (enough: (fate: Fate | undefined, at: number) => boolean): Promise<boolean> => {
    const all = await fates();
    const done = all.filter(enough).length;
    progress?.(Math.min(done, errands.length), errands.length);
    return done === errands.length;
  };
  await Promise.all([
    Promise.all(Array.from({ length: LANES }, lane)),
    until(() => known((fate) => fate !== undefined)),
  ]);
  const first = await fates();
  await mta.again();
  await until(() => known((fate, at) => fate?.state !== "deferred" || fate.attempts > (first[at]?.attempts ?? 0)));
  const last = await fates();
  const failed = errands.filter((_, at) => last[at]?.state === "failed");
  await until(async () => failed.every(({ message }) => noticesOf(world, message).length > 0));
}

function noticesOf(world: World, { from }: LabMessage): readonly Buffer[] {
  return world.returned.contents.flatMap(({ octets }) => (octets.includes(from) ? [octets] : []));
}

function resultOf(
  { cell, message }: Errand,
  {
    driver,
    log,
    world,
    planned,
  }: { driver: Driver; log: string; world: World; planned: ReadonlyMap<CellPlan, Expected> },
): CellResult {
  const fate = driver.fateOf(log, cell, message);
  const expected = planned.get(cell.plan);
  if (expected === undefined) throw new Error(`Nobody expects anything of ${cell.names.slug}`);
  const played = {
    cell,
    message,
    requireTls: false,
    // What was taken and not yet tried to the end is still in its queue.
    says: { state: fate?.state ?? "deferred", authenticated: fate?.authenticated ?? false },
    reason: fate?.reason ?? `no attempt came to an end within ${PATIENCE / 1000} s`,
    attempts: [],
    dialled: [],
    notices: noticesOf(world, message),
    log: [],
    failures: [],
    stored: [],
  } as const;
  return judge(played, expected);
}

/** Another program's progress can only be polled; what does not come in time is judged as it stands. */
async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!(await done()) && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 200));
}

/** Nothing of the lab's waits for time here but what stands for an unanswered SYN. */
function realTime(): LabClock {
  return {
    ...systemClock,
    stir: () => undefined,
    hold: () => ({ [Symbol.dispose]: () => undefined }),
    quiet: async () => await Promise.resolve(),
    jump: () => false,
    advance: async () => await Promise.resolve(),
  };
}

function inOrder(a: CellResult, b: CellResult): number {
  const keys = [a, b].map(
    ({ row, policy, variant }) => `${row} ${POLICIES.indexOf(policy).toString().padStart(2, "0")} ${variant}`,
  );
  return (keys[0] ?? "") < (keys[1] ?? "") ? -1 : 1;
}

const LANES = 4;
const PATIENCE = 90_000;
