import { type Shortage, shortOf, type Store } from "../queue/mod.ts";
import type { Status } from "../status/mod.ts";

/** Goes on where the store has room for so many octets; else the refusal, at once unless the disk must be asked. */
export function whereRoom<T>(
  store: Pick<Store, "room">,
  { octets, client }: { readonly octets: number; readonly client: string },
  goOn: () => T,
): T | Status | Promise<T | Status> {
  const decide = (limit: Shortage | undefined): T | Status => (limit === undefined ? goOn() : shortOf(limit, client));
  const short = store.room?.(octets);
  return short instanceof Promise ? short.then(decide) : decide(short);
}
