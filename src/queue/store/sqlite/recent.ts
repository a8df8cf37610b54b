import type { Bytes } from "../../../base/mod.ts";

/** Contents that were committed a moment ago and are likely to be read at once. */
export interface RecentBodies {
  put(id: string, body: Bytes): void;
  get(id: string): Bytes | undefined;
  forget(id: string): void;
  clear(): void;
}

/** Keeps at most `limit` octets; the oldest go first. What is not kept is read from the database. */
export function recentBodies(limit: number = LIMIT): RecentBodies {
  const kept = new Map<string, Bytes>();
  let octets = 0;
  const forget = (id: string): void => {
    octets -= kept.get(id)?.length ?? 0;
    kept.delete(id);
  };
  return {
    put(id, body) {
      forget(id);
      kept.set(id, body);
      octets += body.length;
      for (const oldest of kept.keys()) {
        if (octets <= limit) break;
        forget(oldest);
      }
    },
    get: (id) => kept.get(id),
    forget,
    clear() {
      kept.clear();
      octets = 0;
    },
  };
}

const LIMIT = 16 * 1024 * 1024;
