import type { Clock } from "../../src/base/mod.ts";
import { err, ok } from "../../src/base/mod.ts";
import type { Exchange } from "../../src/dns/wire/exchange.ts";
import { ancestorName, isBelow, isWithin, sameName } from "../../src/dns/wire/hierarchy.ts";
import type { Message, RawRecord } from "../../src/dns/wire/message.ts";
import { RCODE } from "../../src/dns/wire/message.ts";
import type { Name } from "../../src/dns/wire/name.ts";
import { nameFromLabels, nameText, nameWire, ROOT } from "../../src/dns/wire/name.ts";
import { decodeA, decodeAaaa, decodeName, decodeSoa } from "../../src/dns/wire/rdata.ts";
import { decodeRrsig } from "../../src/dns/wire/rdata-dnssec.ts";
import { TYPE, typeName } from "../../src/dns/wire/types.ts";
import type { Entry, Script } from "./script.ts";

/** Settable by the script runner: tables are chosen by the step that runs. */
export interface ScriptState {
  step: number;
}

interface Reply {
  readonly rcode: number;
  readonly answer: readonly RawRecord[];
  readonly authority: readonly RawRecord[];
  readonly additional: readonly RawRecord[];
}

interface Delegation {
  readonly zone: Name;
  /** Addresses, or the names of servers whose addresses are not known yet. */
  readonly addresses: readonly string[];
  readonly servers: readonly Name[];
  readonly forward: boolean;
}

interface Found {
  readonly reply: Reply;
  readonly delegation: Delegation;
}

/**
 * A recursive resolver over the answer tables of a script: follows referrals and aliases, keeps messages and
 * delegations for their TTL, passes DNSSEC records, and validates nothing, as CD asks.
 */
export function scriptRecursor(
  script: Script,
  state: ScriptState,
  clock: Clock,
): Exchange & { readonly log: string[] } {
  const recursor = new Recursor(script, state, clock);
  return {
    log: recursor.log,
    ask({ name, type }, options = {}) {
      const reply = recursor.resolve({ name, type }, options.noCache === true);
      if (reply === undefined)
        return Promise.resolve(err({ detail: `no server answers ${nameText(name)} ${typeName(type)}` }));
      return Promise.resolve(ok(asMessage({ name, type }, reply)));
    },
  };
}

interface Question {
  readonly name: Name;
  readonly type: number;
}

class Recursor {
  readonly log: string[] = [];
  readonly #script: Script;
  readonly #state: ScriptState;
  readonly #clock: Clock;
  readonly #messages = new Map<string, { readonly reply: Reply; readonly expires: number }>();
  readonly #delegations = new Map<string, { readonly delegation: Delegation; readonly expires: number }>();
  readonly #sets = new Map<string, { readonly reply: Reply; readonly expires: number }>();
  readonly #denials: { readonly record: RawRecord; readonly signer: Name; readonly expires: number }[] = [];
  readonly #glue = new Map<string, readonly string[]>();
  readonly #tried = new Set<string>();

  constructor(script: Script, state: ScriptState, clock: Clock) {
    this.#script = script;
    this.#state = state;
    this.#clock = clock;
  }

  resolve(question: Question, fresh: boolean): Reply | undefined {
    const key = `${question.type} ${question.name.key}`;
    const known = this.#messages.get(key);
    if (!fresh && known !== undefined && known.expires > this.#clock.now()) return known.reply;
    const reply = this.#follow(question, fresh);
    if (reply !== undefined) {
      this.#messages.set(key, { reply, expires: this.#clock.now() + messageTtl(reply) * 1000 });
    }
    return reply;
  }

  /** When no server answers, the denial that came with other answers may tell (RFC 8198). */
  #denied({ name }: Question): Found | undefined {
    const now = this.#clock.now();
    const authority = this.#denials.filter(({ expires, signer }) => expires > now && isWithin(name, signer));
    if (authority.length === 0) return undefined;
    const records = authority.map(({ record }) => record);
    return { reply: { rcode: RCODE.NOERROR, answer: [], authority: records, additional: [] }, delegation: EVERYTHING };
  }

  #keepDenials(authority: readonly RawRecord[]): void {
    const denials = authority.filter((record) => isDenial(record) || isSoa(record));
    const signer = denials.flatMap((record) =>
      record.type === TYPE.RRSIG ? (decodeRrsig(record.rdata)?.signer ?? []) : [],
    )[0];
    if (signer === undefined) return;
    const ttl = Math.min(...denials.map((record) => record.ttl));
    for (const record of denials) this.#denials.push({ record, signer, expires: this.#clock.now() + ttl * 1000 });
  }

  /** Follows aliases, gathering what each step answered. */
  #follow({ name, type }: Question, fresh: boolean): Reply | undefined {
    const answer: RawRecord[] = [];
    const kept: RawRecord[] = [];
    let current = name;
    for (let hops = 0; hops < 12; hops++) {
      const asked = { name: current, type };
      const found = this.#iterate(asked, { depth: 0, fresh }) ?? this.#denied(asked);
      if (found === undefined) return undefined;
      const { reply, delegation } = found;
      const path = pathFrom(
        current,
        type,
        reply.answer.filter((record) => isWithin(record.owner, delegation.zone)),
      );
      answer.push(...path.records.filter((record) => !answer.includes(record)));
      this.#keepSets(path.records, reply.authority);
      this.#keepSigned(
        [...reply.authority, ...reply.additional].filter((record) => isWithin(record.owner, delegation.zone)),
      );
      if (path.complete || sameName(path.end, current)) {
        return { ...reply, answer, authority: [...kept, ...reply.authority] };
      }
      kept.push(...reply.authority.filter(isDenial));
      current = path.end;
    }
    return { rcode: RCODE.NOERROR, answer, authority: kept, additional: [] };
  }

  /** Walks referrals to the zone that answers for one name. */
  #iterate(question: Question, how: { readonly depth: number; readonly fresh: boolean }): Found | undefined {
    if (how.depth > 6) return undefined;
    const kept = how.fresh ? undefined : this.#keptSet(question);
    if (kept !== undefined) return kept;
    const around =
      question.type === TYPE.DS && question.name.labels.length > 0 ? ancestorName(question.name) : question.name;
    let delegation = this.#closest(around);
    for (let hops = 0; hops < 20 && delegation !== undefined; hops++) {
      const reply = this.#askZone(question, delegation, how);
      if (reply === undefined) return undefined;
      const next = delegation.forward ? undefined : referral(question, reply, delegation);
      if (next === undefined) return { reply, delegation };
      this.#keepDs(next.zone, reply);
      this.#keepGlue(reply.additional);
      this.#delegations.set(next.zone.key, { delegation: next, expires: this.#clock.now() + 3600_000 });
      delegation = next;
    }
    return undefined;
  }

  /** Record sets that were seen are used again, with the denial that wildcards need. */
  #keepSets(records: readonly RawRecord[], authority: readonly RawRecord[]): void {
    const denial = authority.filter(isDenial);
    for (const { owner, type } of records) {
      if (type === TYPE.RRSIG) continue;
      const answer = setWithSignatures(
        records.filter((record) => sameName(record.owner, owner)),
        type,
      );
      const reply = { rcode: RCODE.NOERROR, answer, authority: denial, additional: [] };
      this.#sets.set(`${type} ${owner.key}`, { reply, expires: this.#clock.now() + messageTtl(reply) * 1000 });
    }
    this.#keepDenials(authority);
  }

  /** Signed sets beside the answer are kept as well: their signatures say where they come from. */
  #keepSigned(records: readonly RawRecord[]): void {
    const signed = records.filter((record) =>
      records.some(
        (other) =>
          other.type === TYPE.RRSIG &&
          sameName(other.owner, record.owner) &&
          decodeRrsig(other.rdata)?.typeCovered === record.type,
      ),
    );
    const sets = signed.filter((record) => !isDenial(record));
    const fresh = sets.filter((record) => !this.#sets.has(`${record.type} ${record.owner.key}`));
    this.#keepSets([...fresh, ...records.filter((record) => record.type === TYPE.RRSIG)], []);
  }

  #keptSet({ name, type }: Question): Found | undefined {
    const fresh = (key: string): Reply | undefined => {
      const kept = this.#sets.get(key);
      return kept !== undefined && kept.expires > this.#clock.now() ? kept.reply : undefined;
    };
    for (const wanted of type === TYPE.DS ? [type] : [type, TYPE.CNAME]) {
      const reply = fresh(`${wanted} ${name.key}`);
      if (reply !== undefined) return { reply, delegation: EVERYTHING };
    }
    for (let above = name; above.labels.length > 0; ) {
      above = ancestorName(above);
      const reply = fresh(`${TYPE.DNAME} ${above.key}`);
      if (reply !== undefined) return { reply, delegation: EVERYTHING };
    }
    return undefined;
  }

  #keepGlue(additional: readonly RawRecord[]): void {
    for (const [owner, records] of Map.groupBy(additional, (record) => record.owner.key)) {
      const addresses = records.flatMap((record) => addressOf(record.type, record.rdata));
      if (addresses.length > 0) this.#glue.set(owner, addresses);
    }
  }

  /** What a referral says about DS answers a later question for it, as recursors do. */
  #keepDs(zone: Name, reply: Reply): void {
    const key = `${TYPE.DS} ${zone.key}`;
    if (this.#messages.has(key)) return;
    const answer = setWithSignatures(
      reply.authority.filter((record) => sameName(record.owner, zone)),
      TYPE.DS,
    );
    const denial = reply.authority.filter(isDenial);
    if (answer.length === 0 && denial.length === 0) return;
    const kept = { rcode: RCODE.NOERROR, answer, authority: answer.length > 0 ? [] : denial, additional: [] };
    this.#keepSets(answer, []);
    this.#messages.set(key, { reply: kept, expires: this.#clock.now() + messageTtl(kept) * 1000 });
  }

  #closest(name: Name): Delegation | undefined {
    for (let zone = name; ; zone = ancestorName(zone)) {
      const forward = this.#script.config.forwards.find((one) => sameName(one.name, zone));
      if (forward !== undefined) return { zone, addresses: forward.addresses, servers: [], forward: true };
      const known = this.#delegations.get(zone.key);
      if (known !== undefined && known.expires > this.#clock.now()) return known.delegation;
      const stub = this.#script.config.stubs.find((one) => sameName(one.name, zone));
      if (stub !== undefined) return { zone, addresses: stub.addresses, servers: [], forward: false };
      if (zone.labels.length === 0) return undefined;
    }
  }

  /** Asks the servers of a zone in turn; a fresh question prefers one that was not asked for this before. */
  #askZone(
    question: Question,
    delegation: Delegation,
    how: { readonly depth: number; readonly fresh: boolean },
  ): Reply | undefined {
    const addresses = [...delegation.addresses];
    if (how.fresh || addresses.length === 0) addresses.push(...this.#otherAddresses(delegation, how));
    const key = (address: string): string => `${address} ${question.type} ${question.name.key}`;
    const asked = (address: string): number => Number(this.#tried.has(key(address)));
    if (how.fresh) addresses.sort((left, right) => asked(left) - asked(right));
    for (const address of addresses) {
      this.#tried.add(key(address));
      const entry = this.#entryFor(question, address);
      this.log.push(
        `${address} ${nameText(question.name)} ${typeName(question.type)} ${entry === undefined ? "-" : "+"}`,
      );
      if (entry === undefined) continue;
      const reply = replyOf(entry);
      // A referral tells about DS as well, so this server was asked for that too.
      for (const { owner, type } of reply.authority) {
        if (type === TYPE.NS) this.#tried.add(`${address} ${TYPE.DS} ${owner.key}`);
      }
      if (ANSWERS.has(reply.rcode)) return reply;
    }
    return undefined;
  }

  /** The addresses of the servers that came without any. */
  #otherAddresses({ servers, addresses }: Delegation, how: { readonly depth: number }): readonly string[] {
    const found = servers.flatMap((server) => this.#addressesOf(server, how));
    return [...new Set(found)].filter((address) => !addresses.includes(address));
  }

  #addressesOf(server: Name, how: { readonly depth: number }): readonly string[] {
    const glue = this.#glue.get(server.key);
    if (glue !== undefined) return glue;
    const found = [TYPE.A, TYPE.AAAA].flatMap((type) => {
      const reply = this.#iterate({ name: server, type }, { depth: how.depth + 1, fresh: false })?.reply;
      return (reply?.answer ?? [])
        .filter((record) => record.type === type)
        .flatMap(({ rdata }) => addressOf(type, rdata));
    });
    return found;
  }

  #entryFor(question: Question, address: string): Entry | undefined {
    for (const range of this.#script.ranges) {
      if (this.#state.step < range.from || this.#state.step > range.to) continue;
      if (range.addresses.length > 0 && !range.addresses.includes(address)) continue;
      const entry = range.entries.find((one) => matches(one, question));
      if (entry !== undefined) return entry;
    }
    return undefined;
  }
}

function matches({ match, question }: Entry, asked: Question): boolean {
  if (match.has("TCP")) return false;
  if (question === undefined) return !match.has("qname") && !match.has("qtype") && !match.has("subdomain");
  const whole = match.has("all") || match.has("question");
  if ((whole || match.has("qtype")) && question.type !== asked.type) return false;
  if ((whole || match.has("qname")) && !sameName(question.name, asked.name)) return false;
  return !match.has("subdomain") || isWithin(asked.name, question.name);
}

function replyOf(entry: Entry): Reply {
  const rcode = Object.entries(RCODE).find(([name]) => entry.reply.has(name))?.[1] ?? RCODE.NOERROR;
  const { additional } = entry;
  const answer = [...entry.answer, ...strayed(entry.answer, [...entry.authority, ...additional])];
  const authority = [...entry.authority, ...strayed(entry.authority, [...entry.answer, ...additional])];
  return { rcode, answer, authority, additional };
}

/** Signatures of a section's sets that stand in another section; recursors put them where they belong. */
function strayed(section: readonly RawRecord[], elsewhere: readonly RawRecord[]): RawRecord[] {
  return elsewhere.filter((record) => {
    const covered = record.type === TYPE.RRSIG ? decodeRrsig(record.rdata)?.typeCovered : undefined;
    return section.some((one) => one.type === covered && sameName(one.owner, record.owner));
  });
}

/** A referral: no answer, no SOA, and name servers of a zone below the one that was asked, around the name. */
function referral(question: Question, reply: Reply, { zone }: Delegation): Delegation | undefined {
  if (reply.rcode !== RCODE.NOERROR) return undefined;
  if (reply.answer.some((record) => sameName(record.owner, question.name) || record.type === TYPE.DNAME))
    return undefined;
  const ns = reply.authority.filter(
    (record) => record.type === TYPE.NS && isBelow(record.owner, zone) && isWithin(question.name, record.owner),
  );
  const [first] = ns;
  if (first === undefined) return undefined;
  if (question.type === TYPE.DS && sameName(first.owner, question.name)) return undefined;
  if (reply.authority.some((record) => record.type === TYPE.SOA)) return undefined;
  const servers = ns.flatMap((record) => decodeName(record.rdata) ?? []);
  const glue = reply.additional.filter((record) => servers.some((server) => sameName(server, record.owner)));
  const addresses = glue.flatMap((record) => addressOf(record.type, record.rdata));
  return { zone: first.owner, addresses, servers, forward: false };
}

/** The records that lead from a name to the type asked for, with their signatures. */
function pathFrom(
  name: Name,
  type: number,
  answer: readonly RawRecord[],
): { readonly records: readonly RawRecord[]; readonly end: Name; readonly complete: boolean } {
  const records: RawRecord[] = [];
  let end = name;
  for (let hops = 0; hops < 12; hops++) {
    const here = answer.filter((record) => sameName(record.owner, end));
    // A name with an alias and other data breaks the rules; what stands first counts.
    const first = here.find((record) => record.type === type || record.type === TYPE.CNAME);
    const data = type === TYPE.ANY ? here : setWithSignatures(here, first?.type === type ? type : -1);
    const made = type === TYPE.CNAME && data.length === 1;
    if (!made && data.some((record) => record.type !== TYPE.RRSIG || type === TYPE.RRSIG)) {
      return { records: [...records, ...data], end, complete: true };
    }
    const current = end;
    const dname = answer.find((record) => record.type === TYPE.DNAME && isBelow(current, record.owner));
    if (dname !== undefined) {
      records.push(
        ...setWithSignatures(
          answer.filter((record) => sameName(record.owner, dname.owner)),
          TYPE.DNAME,
        ),
      );
    }
    const cname = setWithSignatures(here, TYPE.CNAME);
    const [alias] = cname.filter((record) => record.type === TYPE.CNAME);
    const target = alias === undefined ? dname && substituted(end, dname) : decodeName(alias.rdata);
    if (made && dname === undefined) return { records: [...records, ...data], end, complete: true };
    if (target === undefined) break;
    if (alias === undefined) {
      records.push({ owner: end, type: TYPE.CNAME, class: 1, ttl: dname?.ttl ?? 0, rdata: nameWire(target) });
    }
    records.push(...cname);
    if (type === TYPE.CNAME) return { records, end, complete: true };
    end = target;
  }
  return { records, end, complete: false };
}

function substituted(name: Name, dname: RawRecord): Name | undefined {
  const base = decodeName(dname.rdata);
  if (base === undefined) return undefined;
  const kept = name.labels.slice(0, name.labels.length - dname.owner.labels.length);
  const made = nameFromLabels([...kept, ...base.labels]);
  return made.ok ? made.value : undefined;
}

function setWithSignatures(records: readonly RawRecord[], type: number): RawRecord[] {
  const set = records.filter((record) => record.type === type);
  if (set.length === 0) return [];
  return [
    ...set,
    ...records.filter((record) => record.type === TYPE.RRSIG && decodeRrsig(record.rdata)?.typeCovered === type),
  ];
}

function isDenial(record: RawRecord): boolean {
  if (record.type === TYPE.NSEC || record.type === TYPE.NSEC3) return true;
  const covered = record.type === TYPE.RRSIG ? decodeRrsig(record.rdata)?.typeCovered : undefined;
  return covered === TYPE.NSEC || covered === TYPE.NSEC3;
}

function isSoa(record: RawRecord): boolean {
  return (
    record.type === TYPE.SOA || (record.type === TYPE.RRSIG && decodeRrsig(record.rdata)?.typeCovered === TYPE.SOA)
  );
}

function addressOf(type: number, rdata: Uint8Array): readonly string[] {
  const address = type === TYPE.A ? decodeA(rdata) : type === TYPE.AAAA ? decodeAaaa(rdata) : undefined;
  return address === undefined ? [] : [address];
}

/** Seconds a message may be kept. */
function messageTtl(reply: Reply): number {
  const soa = reply.authority.find((record) => record.type === TYPE.SOA);
  const minimum = soa === undefined ? undefined : decodeSoa(soa.rdata)?.minimum;
  const ttls = [...reply.answer, ...reply.authority].map((record) => record.ttl);
  return Math.min(...ttls, minimum ?? 3600, 3600);
}

function asMessage(question: Question, reply: Reply): Message {
  return {
    id: 0,
    opcode: 0,
    flags: { qr: true, aa: false, tc: false, rd: true, ra: true, ad: false, cd: true },
    rcode: reply.rcode,
    question: [{ ...question, class: 1 }],
    answer: reply.answer,
    authority: reply.authority,
    additional: [],
    edns: { udpSize: 1232, do: true, version: 0, options: [] },
  };
}

const ANSWERS: ReadonlySet<number> = new Set([RCODE.NOERROR, RCODE.NXDOMAIN, RCODE.YXDOMAIN]);
/** Where kept records come from: no further referral leads on from them. */
const EVERYTHING: Delegation = { zone: ROOT, addresses: [], servers: [], forward: true };
