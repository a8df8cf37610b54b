import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Instant } from "../../src/base/mod.ts";
import type { ListSpec } from "../types.ts";
import type { Cell } from "../world/cell.ts";
import { patternsOf } from "../world/cell_zones.ts";
import { type ListSigner, listSigner } from "./list_signer.ts";

/** The policy lists that the sender is told of. */
export interface Lists {
  /** Tables of its configuration. */
  readonly config: string;
  offer(cell: Cell, list: ListSpec): Promise<void>;
}

/** One list for the whole column, and one each for cells that have their own, by the first label of their domain. */
export async function writeLists(
  folder: string,
  { cells, clock }: { readonly cells: readonly Cell[]; readonly clock: Clock },
): Promise<Lists> {
  const start = clock.now();
  const own = cells.filter(({ plan }) => plan.attack.list !== undefined);
  const shared = cells.filter((cell) => cell.plan.base === "P4" && !own.includes(cell));
  await writeFile(join(folder, "list.json"), textOf(shared, {}, start));
  const signers = own.some(({ plan }) => plan.attack.list?.signed === true)
    ? { known: await listSigner(), strange: await listSigner() }
    : undefined;
  const offer = async (cell: Cell, list: ListSpec): Promise<void> =>
    await put(join(folder, `${cell.names.slug}.list`), { cell, list, start, signers, now: clock.now() });
  for (const cell of own) await offer(cell, cell.plan.attack.list ?? {});
  if (signers !== undefined) await writeFile(join(folder, "list.key"), signers.known.key);
  const tables = own.map(({ names, plan }) => {
    const trust = plan.attack.list?.signed === true ? signers?.known.fingerprint : undefined;
    const key = trust === undefined ? "" : `key = "list.key"\nfingerprint = "${trust}"\n`;
    return `[[policy_list]]\nname = "${names.slug}"\nfile = "${names.slug}.list"\nrefresh = "1 h"\n${key}`;
  });
  return { config: [...tables, '[[policy_list]]\nname = "everywhere"\nfile = "list.json"\n'].join(""), offer };
}

interface Putting {
  readonly cell: Cell;
  readonly list: ListSpec;
  readonly start: Instant;
  readonly now: Instant;
  readonly signers: { readonly known: ListSigner; readonly strange: ListSigner } | undefined;
}

async function put(path: string, { cell, list, start, now, signers }: Putting): Promise<void> {
  const text = textOf([cell], list, start);
  await writeFile(path, text);
  if (signers === undefined || list.flaw === "no-signature") return await writeFile(`${path}.asc`, "");
  const signer = list.flaw === "strange-key" ? signers.strange : signers.known;
  const signed = list.flaw === "changed-after-signing" ? textOf([cell], {}, start) : text;
  await writeFile(`${path}.asc`, await signer.sign(signed, list.issued === undefined ? now : start + list.issued));
}

function textOf(cells: readonly Cell[], list: ListSpec, start: Instant): string {
  const { mode = "enforce", mx, issued = -DAY, ends = issued + 15 * DAY } = list;
  const policies = cells.map(({ names, plan }) => [
    names.domains.T,
    { mode, mxs: (mx ?? patternsOf(plan.attack.world ?? {})).map(inList).map(names.spell) },
  ]);
  const whole = {
    timestamp: new Date(start + issued).toISOString(),
    expires: new Date(start + ends).toISOString(),
    version: "0.1",
    author: "the lab",
    "policy-aliases": {},
    policies: Object.fromEntries(policies) as unknown,
  };
  return `${JSON.stringify(whole)}\n`;
}

/** A list writes ".pine.example" for "*.pine.example". */
function inList(pattern: string): string {
  return pattern.startsWith("*.") ? pattern.slice(1) : pattern;
}

const DAY = 86_400_000;
