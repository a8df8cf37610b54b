import type { Instant } from "../../base/mod.ts";
import { publish } from "../../observe/mod.ts";
import { listChange } from "../sources/list-change.ts";
import type { HeldList } from "./list-held.ts";

/** Says what a new list changed; `weakened` where domains lose protection by it. */
export function tellReplaced(name: string, before: HeldList | undefined, { list, from }: HeldList): void {
  const what = `the list of ${time(list.timestamp)} from ${from} is in force: ${list.policies.size} domains`;
  if (before === undefined) {
    publish("hopseal:policy", { domain: name, what: "changed", source: "list", text: what });
    return;
  }
  const { added, removed, changed, weaker } = listChange(before.list, list);
  const differs = `${what}, ${added} new, ${removed} gone, ${changed} changed`;
  const shown = weaker.slice(0, MOST_NAMED).join(", ") + (weaker.length > MOST_NAMED ? " and more" : "");
  const text = weaker.length === 0 ? differs : `${differs}; ${weaker.length} protected less: ${shown}`;
  publish("hopseal:policy", { domain: name, what: weaker.length === 0 ? "changed" : "weakened", source: "list", text });
}

/** Says why the list could not be renewed, and what holds instead. */
export function listNotRenewed(name: string, why: string, held: HeldList | undefined): string {
  const holds = held === undefined ? "there is none in force" : `that of ${time(held.list.timestamp)} stays in force`;
  return `The policy list ${name} could not be renewed, and ${holds}: ${why}`;
}

/** Undefined while the list holds. */
export function listEnded(name: string, held: HeldList | undefined, now: Instant): string | undefined {
  if (held === undefined || now < held.list.expires) return undefined;
  return `The policy list ${name} ended at ${time(held.list.expires)} and is still enforced; find out why there is no new one`;
}

function time(instant: Instant): string {
  return new Date(instant).toISOString();
}

/** How many domains one line names. */
const MOST_NAMED = 10;
