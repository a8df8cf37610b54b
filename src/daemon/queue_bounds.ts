import type { Config } from "../config/mod.ts";
import type { RoomBounds } from "../queue/store/mod.ts";
import { type Place, shareOf } from "./place.ts";

/** The bounds of a worker's shard: the disk is everybody's, what the whole queue may hold is shared out. */
export function queueBounds({ queue }: Pick<Config, "queue">, place: Place): RoomBounds {
  return {
    freeSpace: queue.free_space,
    freeFiles: queue.free_files,
    messages: shareOf(queue.messages, place),
    octets: queue.size === undefined ? Infinity : shareOf(queue.size, place),
  };
}
