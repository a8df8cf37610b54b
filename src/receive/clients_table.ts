import { type ClientAddress, prefixKey, readAddress } from "./clients_address.ts";

export type Listed = "allow" | "deny";

/** A block of addresses and what an operator wants with it. */
export interface ClientEntry {
  /** Any address of the block. */
  readonly address: string;
  readonly prefix: number;
  readonly listed: Listed;
}

export interface ClientTable {
  /** What the narrowest block that holds the address says; undefined when none does. */
  find(address: string): Listed | undefined;
  /** Blocks held. */
  readonly size: number;
}

/**
 * A table of blocks that is asked in the same time however many it holds. The narrowest block that holds an address
 * decides; of two equal ones, the one that allows. An entry whose address cannot be read throws.
 */
export function clientTable(entries: Iterable<ClientEntry>): ClientTable {
  const families = { ipv4: new Map<number, Block>(), ipv6: new Map<number, Block>() };
  let size = 0;
  for (const entry of entries) {
    const address = readAddress(entry.address);
    if (address === undefined) throw new Error(`${JSON.stringify(entry.address)} is no IP address`);
    const blocks = families[address.family];
    const block = blocks.get(entry.prefix) ?? new Map<number | string, Listed>();
    blocks.set(entry.prefix, block);
    const key = prefixKey(address, entry.prefix);
    const known = block.get(key);
    if (known === undefined) size++;
    if (known !== "allow") block.set(key, entry.listed);
  }
  const narrowFirst = (blocks: ReadonlyMap<number, Block>): Layers => [...blocks].sort(([a], [b]) => b - a);
  const layers = { ipv4: narrowFirst(families.ipv4), ipv6: narrowFirst(families.ipv6) };
  return {
    size,
    find(text) {
      const address = readAddress(text);
      return address === undefined ? undefined : lookUp(layers[address.family], address);
    },
  };
}

type Block = Map<number | string, Listed>;
type Layers = readonly (readonly [prefix: number, Block])[];

function lookUp(layers: Layers, address: ClientAddress): Listed | undefined {
  for (const [prefix, block] of layers) {
    const found = block.get(prefixKey(address, prefix));
    if (found !== undefined) return found;
  }
  return undefined;
}
