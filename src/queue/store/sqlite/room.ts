import { statfs } from "node:fs/promises";
import type { Clock, Millis } from "../../../base/mod.ts";
import type { Shortage } from "../../port.ts";

/** How far a shard may be filled with new mail. Notices and settlements go on beyond it. */
export interface RoomBounds {
  /** Octets of the disk that stay free. */
  readonly freeSpace: number;
  /** Files that could still be made on it, where the file system counts them. */
  readonly freeFiles: number;
  /** Messages in the shard, and octets that they take there; Infinity for no bound. */
  readonly messages: number;
  readonly octets: number;
}

export interface Room {
  /**
   * What stands in the way of so many octets more; undefined when they may come. The disk is asked once a second; while it
   * takes longer to answer, what it said before counts.
   */
  admits(octets: number): Shortage | undefined | Promise<Shortage | undefined>;
  /** So many octets were brought to the disk. */
  take(octets: number): void;
}

/** What the file system says. */
export type Disk = Readonly<Record<"bsize" | "bavail" | "files" | "ffree", number>>;

export interface RoomOptions {
  readonly directory: string;
  readonly bounds: RoomBounds;
  readonly clock: Pick<Clock, "monotonic">;
  /** What lies in the shard. */
  readonly held: () => { readonly messages: number; readonly octets: number };
  readonly askDisk?: (directory: string) => Promise<Disk>;
  /** Told what the disk is like at first, and when that changes. */
  readonly changed?: (short: boolean) => void;
  /** Told whenever the disk was asked and is not short. */
  readonly plenty?: () => void;
}

/** A bound that was reached holds until there is a tenth more room, so that it does not come and go with each message. */
export function createRoom(options: RoomOptions): Room {
  const { directory, bounds, clock, held, askDisk = statfs, changed, plenty } = options;
  let disk: { readonly free: number; readonly files: number } | undefined;
  let askedAt: Millis = -Infinity;
  let asking: { readonly since: Millis; readonly done: Promise<void> } | undefined;
  let taken = 0;
  let short: boolean | undefined;
  let full = false;
  const ask = async (): Promise<void> => {
    try {
      const { bsize, bavail, files, ffree } = await askDisk(directory);
      disk = { free: bsize * bavail, files: files === 0 ? Infinity : ffree };
      taken = 0;
    } catch {
      // Who cannot say how much is free may still write; when it cannot, that is told then.
      disk = undefined;
    }
    asking = undefined;
    askedAt = clock.monotonic();
    if (!lacks(0)) plenty?.();
  };
  const lacks = (octets: number): boolean => {
    const enough = (limit: number): number => (short === true ? limit * MORE : limit);
    const lack = (more: number): boolean =>
      disk !== undefined &&
      (disk.free - taken - more < enough(bounds.freeSpace) || disk.files < enough(bounds.freeFiles));
    const now = lack(0);
    if (now !== short) changed?.(now);
    short = now;
    return lack(octets);
  };
  const overflows = (octets: number): boolean => {
    const lies = held();
    const most = (limit: number): number => (full ? limit / MORE : limit);
    full = lies.messages >= most(bounds.messages) || lies.octets >= most(bounds.octets);
    return full || lies.octets + octets > bounds.octets;
  };
  const judge = (octets: number): Shortage | undefined => {
    if (overflows(octets)) return "queue-size";
    return lacks(octets) ? "disk-space" : undefined;
  };
  return {
    admits(octets) {
      const now = clock.monotonic();
      if (now - askedAt < ASK_AGAIN || (asking !== undefined && now - asking.since >= ASK_AGAIN)) return judge(octets);
      asking ??= { since: now, done: ask() };
      return asking.done.then(() => judge(octets));
    },
    take(octets) {
      taken += octets;
    },
  };
}

/** For a shard that has none. */
export const NO_BOUNDS: RoomBounds = { freeSpace: 0, freeFiles: 0, messages: Infinity, octets: Infinity };
const ASK_AGAIN: Millis = 1000;
const MORE = 1.1;
