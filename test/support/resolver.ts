import type { Answer, DnsName, RecordType, RecordTypes, Resolver, Security } from "../../src/dns/mod.ts";

/** What one question is answered with; a list of records stands for an insecure `data` answer. */
export type StaticAnswer =
  | { readonly kind: "data"; readonly records: readonly unknown[]; readonly security?: Security }
  | { readonly kind: "nodata" | "nxdomain"; readonly security?: Security }
  | { readonly kind: "failure"; readonly cause?: "bogus" | "unavailable" };

/** Answers by name and then by type, e.g. `{ "pine.example": { MX: [{ preference: 10, exchange: "mx.pine.example" }] } }`. */
export type StaticZone = Readonly<
  Record<DnsName, Partial<{ readonly [type in RecordType]: readonly RecordTypes[type][] | StaticAnswer }>>
>;

/**
 * A resolver that answers from a table. CNAME records of the table are followed; a name that is not there does not exist,
 * and a type that its name lacks has no data. `asked` lists the questions, e.g. "pine.example MX".
 */
export function staticResolver(zone: StaticZone): Resolver & { readonly asked: readonly string[] } {
  const names = new Map(Object.entries(zone).map(([name, types]) => [name.toLowerCase(), types]));
  const asked: string[] = [];
  return {
    asked,
    query<T extends RecordType>(name: DnsName, type: T, options?: { readonly signal?: AbortSignal }) {
      if (options?.signal?.aborted === true) return Promise.reject(options.signal.reason as Error);
      asked.push(`${name} ${type}`);
      return Promise.resolve(answer(names, name, type) as Answer<RecordTypes[T]>);
    },
  };
}

function answer(
  names: ReadonlyMap<string, Readonly<Record<string, readonly unknown[] | StaticAnswer>>>,
  name: DnsName,
  type: RecordType,
): Answer<unknown> {
  const chain: { owner: DnsName; target: DnsName; security: Security }[] = [];
  for (let owner = name.toLowerCase(); chain.length < 10; ) {
    const types = names.get(owner);
    const found = types?.[type];
    const alias = type === "CNAME" ? undefined : types?.["CNAME"];
    if (found === undefined && Array.isArray(alias)) {
      const target = String(alias[0]).toLowerCase();
      chain.push({ owner, target, security: "insecure" });
      owner = target;
      continue;
    }
    if (types === undefined) return { name, chain, kind: "nxdomain", security: "insecure" };
    if (found === undefined) return { name, chain, kind: "nodata", security: "insecure" };
    if ("kind" in found) return { name, chain, ...whole(found) };
    return { name, chain, kind: "data", security: "insecure", records: found };
  }
  return { name, chain, kind: "failure", cause: "unavailable", detail: "too many aliases" };
}

type Whole =
  | { kind: "data"; security: Security; records: readonly unknown[] }
  | { kind: "nodata" | "nxdomain"; security: Security }
  | { kind: "failure"; cause: "bogus" | "unavailable"; detail: string };

function whole(found: StaticAnswer): Whole {
  if (found.kind === "failure") return { kind: "failure", cause: found.cause ?? "unavailable", detail: "SERVFAIL" };
  return { ...found, security: found.security ?? "insecure" };
}
