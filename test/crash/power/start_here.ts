import { StoreError } from "../../../src/queue/mod.ts";
import { runGroup } from "../../../src/queue/store/sqlite/group.ts";
import type { StartThread } from "../../../src/queue/store/sqlite/open.ts";
import type { Call } from "../../../src/queue/store/sqlite/protocol.ts";
import { filedMessages, openShard, totalsOf } from "../../../src/queue/store/sqlite/shard.ts";

/** Runs what the store's thread runs in the caller's own, one call a group. */
export const startHere: StartThread = async ({ path, now }) => {
  const shard = openShard(path, now);
  return {
    files: filedMessages(shard),
    totals: () => totalsOf(shard),
    async call(name, request) {
      const [outcome] = runGroup(shard, [{ name, ...request } as unknown as Call]).outcomes;
      if (outcome?.ok === true) return outcome.answer as never;
      const { kind, text } = outcome?.fault ?? { kind: "bug", text: "no answer" };
      throw kind === "bug" ? new Error(text) : new StoreError(kind, text);
    },
    async close() {
      shard.db[Symbol.dispose]();
    },
  };
};
