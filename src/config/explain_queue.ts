import type { Setting } from "./explain.ts";
import type { Config } from "./types.ts";

/** How much the queue takes. */
export function queueSettings({ queue }: Pick<Config, "queue">): Setting[] {
  const size = queue.size === undefined ? "" : ` or ${queue.size} octets`;
  return [
    {
      key: "queue.free_space",
      value: String(queue.free_space),
      means: `Octets that stay free on the disk, and ${queue.free_files} files; below that new mail is refused with 452 4.3.1`,
    },
    {
      key: "queue.messages",
      value: String(queue.messages),
      means: `With so many messages${size} in the queue new mail is refused with 452 4.3.1`,
    },
  ];
}
