import type { Random } from "../../../src/base/mod.ts";
import type { DiskEvent } from "./events.ts";

/**
 * How the power fails: all that was not synced is lost, or kept, or each sector and each change of a name has a fate of
 * its own. `doubt`: what a failed sync left in doubt had made it, everything else that was not synced is lost.
 */
export type Cut =
  | { readonly kind: "lost" }
  | { readonly kind: "doubt" }
  | { readonly kind: "kept" }
  | { readonly kind: "torn"; readonly random: Random };

/** A disk with its cache, as a recorded process used it. */
export interface Disk {
  apply(event: DiskEvent): void;
  /** What is on the disk after the power came back: every folder and file by path. */
  cut(cut: Cut): Image;
}

export type Image = ReadonlyMap<string, Buffer | "folder">;

export function createDisk(): Disk {
  let clock = 0;
  const names = new Map<string, Node>();
  const durable = new Map<string, Node>();
  let changes: NameChange[] = [];
  const syncs = new Map<number, { readonly path: string; readonly node: Node | undefined; readonly upTo: number }>();

  const change = (next: Omit<NameChange, "at">): void => {
    changes.push({ at: ++clock, ...next });
    rename(names, { at: 0, ...next });
  };
  const finish = (sync: number, ok: boolean): void => {
    const begun = syncs.get(sync);
    syncs.delete(sync);
    if (begun === undefined) return;
    const { path, node, upTo } = begun;
    if (node?.kind === "file") settle(node, upTo, ok);
    if (!ok) return;
    const covered = (one: NameChange): boolean => one.at <= upTo && folderOf(one.add?.[0] ?? one.remove ?? "") === path;
    for (const one of changes) if (covered(one)) rename(durable, one);
    changes = changes.filter((one) => !covered(one));
  };
  return {
    apply(event) {
      switch (event.kind) {
        case "create": {
          const node = names.get(event.path);
          if (node === undefined) change({ add: [event.path, newFile()] });
          else if (event.truncate && node.kind === "file") node.pending.push({ at: ++clock, size: 0 });
          return;
        }
        case "folder":
          change({ add: [event.path, { kind: "folder" }] });
          return;
        case "write": {
          const node = names.get(event.path);
          if (node?.kind !== "file") return;
          const start = event.at ?? node.size;
          node.size = Math.max(node.size, start + event.data.length);
          node.pending.push({ at: ++clock, start, data: event.data, doubtful: false });
          return;
        }
        case "truncate": {
          const node = names.get(event.path);
          if (node?.kind !== "file") return;
          node.size = event.size;
          node.pending.push({ at: ++clock, size: event.size });
          return;
        }
        case "sync-begin":
          syncs.set(event.sync, { path: event.path, node: names.get(event.path), upTo: clock });
          return;
        case "sync-end":
          finish(event.sync, event.ok);
          return;
        case "rename": {
          const node = names.get(event.from);
          if (node !== undefined) change({ remove: event.from, add: [event.to, node] });
          return;
        }
        case "unlink":
          change({ remove: event.path });
          return;
        case "say":
          return;
        default:
          throw new Error("Unknown event");
      }
    },
    cut: (cut) => imageOf(durable, changes, cut),
  };
}

type Node = { readonly kind: "folder" } | FileNode;

interface FileNode {
  readonly kind: "file";
  /** What syncs have answered for. */
  readonly durable: Content;
  pending: FileChange[];
  /** As the process sees it. */
  size: number;
}

/**
 * `doubtful`: a sync failed after this write. The system may have marked it clean, so no later sync answers for it.
 */
type FileChange =
  | { readonly at: number; readonly start: number; readonly data: Buffer; doubtful: boolean }
  | { readonly at: number; readonly size: number };

interface NameChange {
  readonly at: number;
  readonly remove?: string;
  readonly add?: readonly [string, Node];
}

function newFile(): FileNode {
  return { kind: "file", durable: { octets: Buffer.alloc(0), size: 0 }, pending: [], size: 0 };
}

function rename(names: Map<string, Node>, { remove, add }: NameChange): void {
  if (remove !== undefined) names.delete(remove);
  if (add !== undefined) names.set(...add);
}

/** A sync of the file ended: what came before it is durable, or, when it failed, in doubt. */
function settle(file: FileNode, upTo: number, ok: boolean): void {
  if (!ok) {
    for (const change of file.pending) if ("data" in change && change.at <= upTo) change.doubtful = true;
    return;
  }
  const rest: FileChange[] = [];
  for (const change of file.pending) {
    if (change.at > upTo || ("data" in change && change.doubtful)) {
      rest.push(change);
      continue;
    }
    perform(file.durable, change);
    // What is durable now must not be undone by older writes that are in doubt.
    for (let at = 0; at < rest.length; at++) {
      const older = rest[at];
      if (older === undefined || older.at > change.at || !("data" in older)) continue;
      const left = remains(older, change);
      rest.splice(at, 1, ...left);
      at += left.length - 1;
    }
  }
  file.pending = rest;
}

/** The parts of an older write that a newer change does not replace. */
function remains(older: Extract<FileChange, { data: Buffer }>, newer: FileChange): FileChange[] {
  const end = older.start + older.data.length;
  const part = (from: number, to: number): FileChange[] =>
    from < to ? [{ ...older, start: from, data: older.data.subarray(from - older.start, to - older.start) }] : [];
  if ("size" in newer) return part(older.start, Math.min(end, newer.size));
  const newEnd = newer.start + newer.data.length;
  return [...part(older.start, Math.min(end, newer.start)), ...part(Math.max(older.start, newEnd), end)];
}

/** Octets with room to grow; what lies beyond `size` is nothing. */
interface Content {
  octets: Buffer;
  size: number;
}

function perform(content: Content, change: FileChange): void {
  if ("size" in change) {
    resize(content, change.size);
    return;
  }
  if (change.start + change.data.length > content.size) resize(content, change.start + change.data.length);
  change.data.copy(content.octets, change.start);
}

function resize(content: Content, size: number, fill = 0): void {
  if (size > content.octets.length) {
    const larger = Buffer.alloc(size * 2);
    content.octets.copy(larger, 0, 0, content.size);
    content.octets = larger;
  }
  if (size > content.size) content.octets.fill(fill, content.size, size);
  content.size = size;
}

function imageOf(durable: ReadonlyMap<string, Node>, changes: readonly NameChange[], cut: Cut): Image {
  const names = new Map(durable);
  for (const change of surviving(changes, cut)) rename(names, change);
  const image = new Map<string, Buffer | "folder">();
  for (const [path, node] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
    image.set(path, node.kind === "folder" ? "folder" : contentAfter(node, cut));
  }
  return image;
}

/** Either the order of changes held (a journal), or each had its own fate. */
function surviving(changes: readonly NameChange[], cut: Cut): readonly NameChange[] {
  if (cut.kind !== "torn") return cut.kind === "kept" ? changes : [];
  const { random } = cut;
  if (random.below(2) === 0) return changes.slice(0, random.below(changes.length + 1));
  return changes.filter(() => random.below(2) === 0);
}

function contentAfter(file: FileNode, cut: Cut): Buffer {
  const { octets, size } = file.durable;
  const content: Content = { octets: Buffer.from(octets.subarray(0, size)), size };
  if (cut.kind === "kept") for (const change of file.pending) perform(content, change);
  if (cut.kind === "doubt") {
    for (const change of file.pending) if ("data" in change && change.doubtful) perform(content, change);
  }
  if (cut.kind === "torn") for (const change of torn(file.pending, content, cut.random)) perform(content, change);
  return content.octets.subarray(0, content.size);
}

/** The sectors and sizes that made it to the disk. The last write may end within a sector. */
function* torn(pending: readonly FileChange[], content: Content, random: Random): Iterable<FileChange> {
  const sector = random.below(2) === 0 ? 512 : 4096;
  const likely = [1, 5, 9][random.below(3)] ?? 5;
  const last = random.below(3) === 0 ? pending.at(-1) : undefined;
  for (const change of pending) {
    if ("size" in change) {
      if (random.below(2) === 0) yield change;
      continue;
    }
    const { start, data } = change;
    const end = change === last ? random.below(data.length + 1) : data.length;
    // The size of the file may be new while its sectors are not: they read as zeros, or as what lay there before.
    const size = start + data.length;
    if (size > content.size && random.below(2) === 0) resize(content, size, random.below(2) * random.below(256));
    for (let at = 0; at < end; ) {
      const next = Math.min(end, at + sector - ((start + at) % sector));
      if (random.below(10) < likely) yield { ...change, start: start + at, data: data.subarray(at, next) };
      at = next;
    }
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
