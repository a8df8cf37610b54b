import { zoneKeys } from "../../src/dns/dnssec/keys.ts";
import { matchesDs } from "../../src/dns/dnssec/delegation-signer.ts";
import { newBudget, STANDARD_LIMITS } from "../../src/dns/dnssec/limits.ts";
import { nsec3Hash } from "../../src/dns/dnssec/nsec3-hash.ts";
import type { RecordSet } from "../../src/dns/dnssec/rrset.ts";
import { recordSets } from "../../src/dns/dnssec/rrset.ts";
import { checkSet } from "../../src/dns/dnssec/signature.ts";
import { nameText, ROOT } from "../../src/dns/wire/name.ts";
import { decodeDs, decodeNsec3 } from "../../src/dns/wire/rdata-dnssec.ts";
import { base32Hex } from "../../src/dns/wire/text-present.ts";
import { TYPE, typeName } from "../../src/dns/wire/types.ts";
import { legacyAlgorithms } from "./legacy.ts";
import type { Entry } from "./script.ts";
import { parseEntry } from "./script.ts";

/** What one entry of a record set check file came to. */
export interface Checked {
  readonly entry: string;
  readonly expected: string;
  readonly found: string;
}

/** Every ENTRY of a check file. */
export function entriesOf(text: string): readonly Entry[] {
  const blocks = text.split(/^ENTRY_BEGIN.*$/m).slice(1);
  return blocks.map((block) => parseEntry((block.split(/^ENTRY_END/m)[0] ?? "").split("\n")));
}

/**
 * `test_sig*`: the first entry has the keys, the others are valid unless their question begins with "bogus". Sets that
 * nobody signed are delegations and glue that stand beside.
 */
export function checkSignatures(entries: readonly Entry[]): readonly Checked[] {
  const [keys, ...rest] = entries;
  const keySet = keys === undefined ? undefined : [...recordSets(keys.answer).values()][0];
  if (keySet === undefined) return [];
  const zone = { zone: keySet.owner, keys: zoneKeys(keySet, POLICY) };
  const now = begunAt(rest);
  return rest.flatMap((entry) => {
    const asked = nameText(entry.question?.name ?? keySet.owner);
    const expected = asked.startsWith("bogus") ? "bogus" : "valid";
    const sets = [...recordSets(entry.answer).values()].filter((set) => set.signatures.length > 0);
    return sets.map((set) => {
      const verdict = checkSet(set, { ...zone, now, budget: newBudget(STANDARD_LIMITS) });
      return { entry: `${nameText(set.owner)} ${typeName(set.type)}`, expected, found: verdict.kind };
    });
  });
}

/** `test_ds*`: a question that begins with "yes" has a DS record that fits its key. */
export function checkDs(entries: readonly Entry[]): readonly Checked[] {
  return entries.map((entry) => {
    const sets = [...recordSets(entry.answer).values()];
    const keys = sets.filter((set) => set.type === TYPE.DNSKEY).flatMap((set) => zoneKeys(set, POLICY));
    const ds = sets
      .filter((set) => set.type === TYPE.DS)
      .flatMap((set) => set.records.map(({ rdata }) => decodeDs(rdata)));
    const fits = ds.every((one) => one !== undefined && keys.some((key) => matchesDs(key, one, POLICY)));
    const asked = nameText(entry.question?.name ?? ROOT);
    return { entry: asked, expected: asked.startsWith("yes") ? "fits" : "differs", found: fits ? "fits" : "differs" };
  });
}

/** `test_nsec3_hash*`: the question's name hashes to the first label of the answer's owner. */
export function checkHashes(entries: readonly Entry[]): readonly Checked[] {
  return entries.flatMap((entry) => {
    const parameters = decodeNsec3(entry.authority[0]?.rdata ?? new Uint8Array());
    if (entry.question === undefined || parameters === undefined) return [];
    const expected = nameText(entry.answer[0]?.owner ?? entry.question.name).split(".")[0] ?? "";
    const found = base32Hex(nsec3Hash(entry.question.name, parameters));
    return [{ entry: nameText(entry.question.name), expected, found }];
  });
}

/** A moment at which every signature of the file has begun. */
function begunAt(entries: readonly Entry[]): number {
  const sets: RecordSet[] = entries.flatMap((entry) => [...recordSets(entry.answer).values()]);
  return (Math.max(...sets.flatMap((set) => set.signatures.map(({ inception }) => inception))) + 1) * 1000;
}

const POLICY = legacyAlgorithms(false);
