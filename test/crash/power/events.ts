/** One thing that happened to the files of a recorded process, or what it said on its standard output. */
export type DiskEvent =
  | { readonly kind: "create"; readonly path: string; readonly truncate: boolean }
  | { readonly kind: "folder"; readonly path: string }
  /** Without `at`, at the end. */
  | { readonly kind: "write"; readonly path: string; readonly data: Buffer; readonly at?: number }
  | { readonly kind: "truncate"; readonly path: string; readonly size: number }
  /** A sync answers for what was done before it began, from the moment it ended. */
  | { readonly kind: "sync-begin"; readonly path: string; readonly sync: number }
  | { readonly kind: "sync-end"; readonly sync: number; readonly ok: boolean }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "unlink"; readonly path: string }
  | { readonly kind: "say"; readonly text: string };

/**
 * Reads an strace log (-f -y -xx, one file, every octet in it). Writes count from their beginning, as far as they went;
 * syncs and changes of names from their end. A call that failed, or under which the process was killed, changed nothing:
 * strace lets neither begin. (`isWitness` of recording.ts holds that against the files.)
 */
export function readEvents(log: string): DiskEvent[] {
  const events: (DiskEvent | undefined)[] = [];
  const open = new Map<string, Begun>();
  let syncs = 0;
  for (const line of log.split("\n")) {
    const space = line.indexOf(" ");
    const thread = line.slice(0, space);
    const call = line.slice(space).trimStart();
    if (call.startsWith("<... ")) {
      const begun = open.get(thread);
      open.delete(thread);
      if (begun !== undefined) end(events, begun, call);
      continue;
    }
    const paren = call.indexOf("(");
    if (paren < 0) continue;
    const name = call.slice(0, paren);
    if (name !== "fsync" && name !== "fdatasync" && !DIRECT.has(name)) continue;
    const begun: Begun = { name, args: call.slice(paren + 1), sync: syncs++, at: events.length };
    begin(events, begun);
    if (call.endsWith(UNFINISHED)) open.set(thread, begun);
    else end(events, begun, call);
  }
  for (const begun of open.values()) shorten(events, begun, 0);
  return events.filter((event) => event !== undefined);
}

interface Begun {
  readonly name: string;
  /** All that follows the parenthesis. */
  readonly args: string;
  readonly sync: number;
  /** Where its event stands, if its beginning is one. */
  readonly at: number;
}

/** A write counts for what it wrote. */
function shorten(events: (DiskEvent | undefined)[], { name, at }: Begun, length: number): void {
  if (name !== "write" && name !== "pwrite64") return;
  const event = events[at];
  if (length === 0) events[at] = undefined;
  else if (event?.kind === "write") events[at] = { ...event, data: event.data.subarray(0, length) };
}

function begin(events: (DiskEvent | undefined)[], { name, args, sync }: Begun): void {
  if (name === "fsync" || name === "fdatasync") events.push({ kind: "sync-begin", path: pathOf(args), sync });
  if (name !== "write" && name !== "pwrite64") return;
  const [data = Buffer.alloc(0)] = texts(args);
  if (args.startsWith("1<")) {
    events.push({ kind: "say", text: data.toString() });
    return;
  }
  const path = pathOf(args);
  if (name === "write") events.push({ kind: "write", path, data });
  else
    events.push({
      kind: "write",
      path,
      data,
      at: Number(/", \d+, (\d+)/.exec(args.slice(args.lastIndexOf('"')))?.[1]),
    });
}

/** `tail` is the end of the call as it was logged, with its result. */
function end(events: (DiskEvent | undefined)[], begun: Begun, tail: string): void {
  const { name, args, sync } = begun;
  const result = tail.slice(tail.lastIndexOf(" = ") + 3);
  const ok = /^\d/.test(result);
  if (name === "fsync" || name === "fdatasync") events.push({ kind: "sync-end", sync, ok });
  shorten(events, begun, ok ? Number.parseInt(result, 10) : 0);
  if (!ok) return;
  const paths = texts(args).map(String);
  const [first = "", second = ""] = paths;
  if (name === "openat" && args.includes("O_CREAT"))
    events.push({ kind: "create", path: first, truncate: args.includes("O_TRUNC") });
  if (name === "mkdir") events.push({ kind: "folder", path: first });
  if (name === "rename") events.push({ kind: "rename", from: first, to: second });
  if (name === "unlink") events.push({ kind: "unlink", path: first });
  if (name === "ftruncate")
    events.push({ kind: "truncate", path: pathOf(args), size: Number(/>, (\d+)/.exec(args)?.[1]) });
}

/** The file that the descriptor in front is of. */
function pathOf(args: string): string {
  return unescape(args.slice(args.indexOf("<") + 1, args.indexOf(">"))).toString();
}

function texts(args: string): Buffer[] {
  return args
    .split('"')
    .filter((_, at) => at % 2 === 1)
    .map(unescape);
}

function unescape(text: string): Buffer {
  return Buffer.from(text.replaceAll("\\x", ""), "hex");
}

const UNFINISHED = "<unfinished ...>";
const DIRECT: ReadonlySet<string> = new Set(["write", "pwrite64", "openat", "mkdir", "rename", "unlink", "ftruncate"]);
/** What strace must be told to record; the second half is made by nobody today, and refused. */
export const RECORDED: string = `${[...DIRECT].join(",")},fsync,fdatasync,pwritev,pwritev2,writev,truncate,renameat,renameat2,unlinkat,mkdirat,creat,linkat`;
/**
 * A recorded call on something below `root` that `readEvents` does not understand, if there is one: then the recording is
 * no witness.
 */
export function foreignCall(log: string, root: string): string | undefined {
  const hex = [...Buffer.from(root)].map((octet) => `\\x${octet.toString(16).padStart(2, "0")}`).join("");
  return log
    .split("\n")
    .find((line) => line.includes(hex) && FOREIGN.test(line))
    ?.slice(0, 200);
}

const FOREIGN = /^\d+ +(?:pwritev2?|writev|truncate|renameat2?|unlinkat|mkdirat|creat|linkat)\(/;
