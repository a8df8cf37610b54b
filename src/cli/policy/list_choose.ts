import type { Config } from "../../config/mod.ts";
import { readOctets } from "../../policy/io/mod.ts";
import type { ListOctets } from "../../policy/io/mod.ts";
import { CommandFailure, EXIT } from "../exit.ts";

type Entry = Config["policy_list"][number];

/** The list that is named, or the only one. */
export function chooseList({ policy_list }: Config, named: string | undefined): Entry {
  if (policy_list.length === 0)
    throw new CommandFailure("There is no [[policy_list]] in the configuration", EXIT.usage);
  const names = policy_list.map(({ name }) => name).join(", ");
  if (named === undefined && policy_list.length > 1) {
    throw new CommandFailure(`There are several lists; name one with --list: ${names}`, EXIT.usage);
  }
  const entry = named === undefined ? policy_list[0] : policy_list.find(({ name }) => name === named);
  if (entry === undefined) throw new CommandFailure(`There is no list ${String(named)}; there is ${names}`, EXIT.usage);
  return entry;
}

/** A list in a file, with its signature where one is wanted: in the file that is named, or beside the list. */
export async function readList(
  file: string,
  { signature, signed }: { readonly signature?: string; readonly signed: boolean },
): Promise<ListOctets> {
  const octets = await readOctets(file);
  if (!octets.ok) throw new CommandFailure(octets.error);
  if (!signed) return { octets: octets.value, from: file };
  const beside = await readOctets(signature ?? file + ARMORED);
  if (beside.ok) return { octets: octets.value, signature: beside.value, from: file };
  throw new CommandFailure(`The list needs a signature: ${beside.error}`);
}

/** What `gpg --armor --detach-sign` calls its output. */
const ARMORED = ".asc";
