import { type EventName, type Events, subscribe } from "../../src/observe/mod.ts";
import { TOP } from "../world/dns_tree.ts";
import type { World } from "../world/world.ts";

/** What the sender told the world of itself about each cell. */
export interface Watch extends Disposable {
  /** Attempts to deliver a cell's message, by its domain. */
  attempts(domain: string): readonly Attempt[];
  /** Everything that it said about a domain, one line each, as the log has it. */
  log(domain: string): readonly string[];
  /** Resolves when it holds; asked again after each event. */
  until(holds: () => boolean): Promise<void>;
}

export type Attempt = Events["hopseal:attempt"];

/** Listens to every event until disposed. */
export function watchSender(world: World, stir: () => void): Watch {
  const attempts = new Map<string, Attempt[]>();
  const lines = new Map<string, string[]>();
  const waiting = new Set<() => void>();
  const undo = new DisposableStack();
  for (const name of EVENTS) {
    undo.use(
      subscribe(name, (event) => {
        stir();
        const text = JSON.stringify(event);
        for (const domain of [...domainsIn(text), ...listsIn(text)]) {
          if (world.cellOf(domain) === undefined) continue;
          const cell = world.cellOf(domain)?.names.domains.T ?? domain;
          lines.set(cell, [...(lines.get(cell) ?? []), `${name} ${text}`]);
        }
        if (name !== "hopseal:attempt") return;
        const attempt = event as Attempt;
        const at = attempt.to.slice(attempt.to.lastIndexOf("@") + 1);
        const to = world.cellOf(at)?.names.domains.T ?? at;
        attempts.set(to, [...(attempts.get(to) ?? []), attempt]);
        for (const look of waiting) look();
      }),
    );
  }
  return {
    attempts: (domain) => attempts.get(domain) ?? [],
    async until(holds) {
      if (holds()) return;
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (holds() && waiting.delete(look)) resolve();
        };
        waiting.add(look);
      });
    },
    log: (domain) => lines.get(domain) ?? [],
    [Symbol.dispose]: () => undo.dispose(),
  };
}

function domainsIn(text: string): ReadonlySet<string> {
  return new Set(text.match(DOMAIN) ?? []);
}

/** A list of a cell's own has the first label of its domain for a name. */
function listsIn(text: string): readonly string[] {
  const [, name] = LIST.exec(text) ?? [];
  return name === undefined ? [] : [`${name}.${TOP}`];
}

const LIST = /policy list ([a-z0-9-]+) /;
const DOMAIN = /[a-z0-9-]+\.test\b/g;
const EVENTS: readonly EventName[] = [
  "hopseal:accepted",
  "hopseal:refused",
  "hopseal:attempt",
  "hopseal:policy",
  "hopseal:limited",
  "hopseal:fault",
];
