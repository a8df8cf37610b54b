import { createHash, randomUUID } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/mod.ts";
import { type Domain, parseDomain } from "../../mail/mod.ts";
import { type KnownPolicy, restorePolicy } from "../sources/sts.ts";
import { removeUnfinished } from "./list-store.ts";
import { policyAges } from "./sts-age.ts";

/** A policy and the domain that it binds. On disk is what `restorePolicy` needs; the rest is parsed anew at each start. */
export interface StoredSts {
  readonly domain: Domain;
  readonly policy: KnownPolicy;
}

/** Policies on disk, one file each, all of them in memory, with the end that counts now. `save` and `remove` are durable when they resolve. */
export interface StsStore {
  get(domain: Domain): StoredSts | undefined;
  list(): readonly StoredSts[];
  save(entry: StoredSts): Promise<void>;
  remove(domain: Domain): Promise<void>;
}

export interface StsStoreOptions {
  readonly directory: string;
  readonly clock: Pick<Clock, "now" | "monotonic">;
  /** Told of files that could not be read and entries that could not be kept. */
  readonly onFault: (text: string) => void;
  /** Reads and never writes; what is saved holds in memory alone. For those who look while a daemon runs. */
  readonly readOnly?: boolean;
  /** Other processes write there too: what they have put there counts here at once. */
  readonly shared?: boolean;
  /** How many are kept at most; default 20 000. */
  readonly most?: number;
}

/**
 * Opens the store and reads all of it. A file that cannot be understood is put aside under another name and reported.
 * Throws when the directory cannot be read or written: mail must not go out as if nothing had ever been stored.
 */
export async function openStsStore(options: StsStoreOptions): Promise<StsStore> {
  const { directory, clock, onFault, readOnly = false, most = MOST_ENTRIES } = options;
  if (!readOnly) await mkdir(directory, { recursive: true, mode: 0o700 });
  const entries = await readAll(options);
  const ages = policyAges(clock, onFault);
  for (const { policy } of entries.values()) ages.begin(policy);
  const others = options.shared === true ? othersOf(options, entries.keys()) : undefined;
  const follow = (domain: Domain): void => {
    const found = others?.look(domain);
    if (found === "gone") entries.delete(domain);
    if (found === undefined || found === "gone") return;
    entries.set(domain, found);
    ages.begin(found.policy);
  };
  const current = ({ domain, policy }: StoredSts): StoredSts => ({ domain, policy: ages.of(policy) });
  const writes = new Map<Domain, Promise<void>>();
  const makeRoom = async (): Promise<boolean> => {
    if (entries.size < most) return true;
    for (const { domain } of entries.values()) {
      follow(domain);
      const entry = entries.get(domain);
      if (entry !== undefined && ages.of(entry.policy).expires <= clock.now()) await forget(domain);
    }
    // A live policy is never given up for another: whoever can make us fetch many could flush the rest.
    return entries.size < most;
  };
  const forget = async (domain: Domain): Promise<void> => {
    entries.delete(domain);
    if (!readOnly) await rm(join(directory, fileName(domain)), { force: true });
    others?.note(domain);
  };
  /** One write at a time for a domain, in the order of the calls. */
  const inTurn = async (domain: Domain, work: () => Promise<void>): Promise<void> => {
    const before = writes.get(domain) ?? Promise.resolve();
    const mine = before.then(work, work).finally(() => {
      if (writes.get(domain) === mine) writes.delete(domain);
    });
    writes.set(domain, mine);
    await mine;
  };
  return {
    get(domain) {
      follow(domain);
      const entry = entries.get(domain);
      return entry && current(entry);
    },
    list: () => [...entries.values()].map(current),
    async save(entry) {
      await inTurn(entry.domain, async () => {
        if (!entries.has(entry.domain) && !(await makeRoom())) {
          onFault(`The policy of ${entry.domain} is not stored: there are ${most} unexpired ones already`);
          return;
        }
        // It holds in memory even when the disk is full.
        entries.set(entry.domain, entry);
        ages.begin(entry.policy);
        if (!readOnly) await write(directory, entry);
        others?.note(entry.domain);
      });
    },
    remove: async (domain) => await inTurn(domain, async () => await forget(domain)),
  };
}

interface Others {
  /** What was put there since the last look, or that it was taken away; undefined when nothing has changed. */
  look(domain: Domain): StoredSts | "gone" | undefined;
  /** What lies there now is known. */
  note(domain: Domain): void;
}

/** Looks at files that other processes may have replaced. What cannot be looked at has not changed. */
function othersOf({ directory, onFault }: StsStoreOptions, known: Iterable<Domain>): Others {
  const stamps = new Map<Domain, string>();
  const stampOf = (domain: Domain): string | undefined => {
    const found = statSync(join(directory, fileName(domain)), { bigint: true, throwIfNoEntry: false });
    return found && `${found.ino} ${found.mtimeNs} ${found.size}`;
  };
  const set = (domain: Domain, stamp: string | undefined): void => {
    if (stamp === undefined) stamps.delete(domain);
    else stamps.set(domain, stamp);
  };
  for (const domain of known) set(domain, stampOf(domain));
  return {
    look(domain) {
      try {
        const stamp = stampOf(domain);
        if (stamp === stamps.get(domain)) return undefined;
        // Before it is read: what cannot be read is told of once.
        set(domain, stamp);
        return stamp === undefined ? "gone" : readEntry(directory, domain);
      } catch (error) {
        onFault(`The stored MTA-STS policy of ${domain} cannot be read: ${(error as Error).message}`);
        return undefined;
      }
    },
    note: (domain) => set(domain, stampOf(domain)),
  };
}

/** Throws when it is none. */
function readEntry(directory: string, domain: Domain): StoredSts {
  const name = fileName(domain);
  const entry = parse(readFileSync(join(directory, name), "utf8"), name);
  if (typeof entry === "string") throw new Error(entry);
  return entry;
}

async function readAll(options: StsStoreOptions): Promise<Map<Domain, StoredSts>> {
  const { directory, onFault, readOnly = false } = options;
  const entries = new Map<Domain, StoredSts>();
  if (!readOnly) await removeUnfinished(directory, options.clock.now());
  for (const name of (await namesIn(options)).sort()) {
    const path = join(directory, name);
    if (!name.endsWith(SUFFIX)) continue;
    const entry = parse(await readFile(path, "utf8"), name);
    if (typeof entry !== "string") entries.set(entry.domain, entry);
    else if (readOnly) onFault(`The stored MTA-STS policy ${name} cannot be read (${entry})`);
    else {
      await rename(path, path + BROKEN);
      onFault(`The stored MTA-STS policy ${name} cannot be read (${entry}); it is now ${name}${BROKEN}`);
    }
  }
  return entries;
}

async function namesIn({ directory, onFault, readOnly }: StsStoreOptions): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (readOnly !== true) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    // Nothing was ever stored where there is no folder.
    if (code !== "ENOENT") onFault(`The stored MTA-STS policies cannot be read: ${message}`);
    return [];
  }
}

/** The entry, or what is wrong with it. */
function parse(content: string, name: string): StoredSts | string {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return "it is no JSON";
  }
  if (typeof value !== "object" || value === null) return "it is no object";
  const members = new Map<string, unknown>(Object.entries(value));
  if (members.get("version") !== VERSION) return `its version is ${JSON.stringify(members.get("version"))}`;
  const [domain, id] = [members.get("domain"), members.get("id")];
  const [text, fetchedAt] = [members.get("text"), members.get("fetchedAt")];
  const parsed = typeof domain === "string" ? parseDomain(domain) : undefined;
  if (parsed?.ok !== true || fileName(parsed.value) !== name) return "its name is not that of its domain";
  if (typeof id !== "string" || typeof text !== "string") return "it has no policy";
  if (!Number.isSafeInteger(fetchedAt)) return "it has no time";
  const policy = restorePolicy({ id, text, fetchedAt: fetchedAt as number });
  return policy === undefined ? "its policy cannot be parsed" : { domain: parsed.value, policy };
}

/** Written beside, flushed, put in place, and the folder flushed: a crash leaves the old entry or the new one. */
async function write(directory: string, { domain, policy }: StoredSts): Promise<void> {
  const { id, text, fetchedAt } = policy;
  const path = join(directory, fileName(domain));
  // The daemon under its old configuration may still be writing when the one under the new does.
  const unfinished = `${path}.${randomUUID()}${UNFINISHED}`;
  const file = await open(unfinished, "wx", 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ version: VERSION, domain, id, fetchedAt, text })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
  const folder = await open(directory, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The domain, or a digest of one that is too long for a file name. */
function fileName(domain: Domain): string {
  if (domain.length <= LONGEST_NAME) return domain + SUFFIX;
  return `${createHash("sha256").update(domain).digest("hex")}_${SUFFIX}`;
}

const VERSION = 1;
const SUFFIX = ".json";
const UNFINISHED = ".new";
const BROKEN = ".broken";
const MOST_ENTRIES = 20_000;
/** A file name may have 255 octets. */
const LONGEST_NAME = 200;
