import { type EventName, type Events, subscribe } from "../../src/observe/mod.ts";
import type { World } from "../world/world.ts";

/** What the sender told the world of itself about each cell. */
export interface Watch extends Disposable {
  /** Attempts to deliver a cell's message, by its domain. */
  attempts(domain: string): readonly Attempt[];
  /** Everything that it said about a domain, one line each, as the log has it. */
  log(domain: string): readonly string[];
}

export type Attempt = Events["hopseal:attempt"];

/** Listens to every event until disposed. */
export function watchSender(world: World, stir: () => void): Watch {
  const attempts = new Map<string, Attempt[]>();
  const lines = new Map<string, string[]>();
  const undo = new DisposableStack();
  for (const name of EVENTS) {
    undo.use(
      subscribe(name, (event) => {
        stir();
        const text = JSON.stringify(event);
        for (const domain of domainsIn(text)) {
          if (world.cellOf(domain) === undefined) continue;
          const cell = world.cellOf(domain)?.names.domains.T ?? domain;
          lines.set(cell, [...(lines.get(cell) ?? []), `${name} ${text}`]);
        }
        if (name !== "hopseal:attempt") return;
        const attempt = event as Attempt;
        const to = attempt.to.slice(attempt.to.lastIndexOf("@") + 1);
        attempts.set(to, [...(attempts.get(to) ?? []), attempt]);
      }),
    );
  }
  return {
    attempts: (domain) => attempts.get(domain) ?? [],
    log: (domain) => lines.get(domain) ?? [],
    [Symbol.dispose]: () => undo.dispose(),
  };
}

function domainsIn(text: string): ReadonlySet<string> {
  return new Set(text.match(DOMAIN) ?? []);
}

const DOMAIN = /[a-z0-9-]+\.test\b/g;
const EVENTS: readonly EventName[] = [
  "hopseal:accepted",
  "hopseal:refused",
  "hopseal:attempt",
  "hopseal:policy",
  "hopseal:limited",
  "hopseal:fault",
];
