import { type Bytes, equalBytes, ok, type Result, unreachable } from "../../base/mod.ts";
import { type HeldList, type ListOctets, type ListSource, readOctets } from "./list-held.ts";

/** Fetches one file; never rejects. */
export type ListFetch = (source: ListSource, url: URL, signal: AbortSignal) => Promise<Result<Bytes, string>>;

export interface OfferOptions {
  readonly fetch: ListFetch;
  readonly signal: AbortSignal;
  readonly held?: HeldList;
}

/** What lies where the list comes from; undefined when there is nothing new. */
export async function offeredList(
  source: ListSource,
  { fetch, signal, held }: OfferOptions,
): Promise<Result<ListOctets | undefined, string>> {
  const { from, key } = source;
  switch (from.kind) {
    case "import":
      return ok(undefined);
    case "file": {
      const octets = await readOctets(from.list);
      if (!octets.ok) return octets;
      const signature = key === undefined ? undefined : await readOctets(from.signature);
      return together(octets.value, signature, from.list);
    }
    case "url": {
      const signature = key === undefined ? undefined : await fetch(source, from.signature, signal);
      // The same signature is over the same list.
      if (signature?.ok === true && isHeld(signature.value, held)) return ok(undefined);
      if (signature?.ok === false) return signature;
      const octets = await fetch(source, from.list, signal);
      return octets.ok ? together(octets.value, signature, from.list.href) : octets;
    }
    default:
      return unreachable(from);
  }
}

function together(
  octets: Bytes,
  signature: Result<Bytes, string> | undefined,
  from: string,
): Result<ListOctets, string> {
  if (signature === undefined) return ok({ octets, from });
  return signature.ok ? ok({ octets, from, signature: signature.value }) : signature;
}

function isHeld(signature: Bytes, held: HeldList | undefined): boolean {
  return held?.signature !== undefined && equalBytes(signature, held.signature);
}
