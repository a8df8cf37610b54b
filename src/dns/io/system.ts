import { promises } from "node:dns";
import type { Alias, Answer, DnsName, Mx, QueryOptions, RecordType, RecordTypes, Resolver } from "../answer.ts";

export interface SystemResolverOptions {
  /** Addresses with optional port, as node:dns takes them; default: the system's. */
  readonly servers?: readonly string[];
  /** Milliseconds for one try; default 5000. */
  readonly timeout?: number;
  /** Tries per server; default 2. */
  readonly tries?: number;
}

/** The part of node:dns that is used; replaced in tests. */
export type Lookups = Pick<
  promises.Resolver,
  | "cancel"
  | "resolve4"
  | "resolve6"
  | "resolveCname"
  | "resolveMx"
  | "resolveNs"
  | "resolvePtr"
  | "resolveSrv"
  | "resolveTlsa"
  | "resolveTxt"
>;

/**
 * The system's resolver behind the port. It tells nothing of signatures, so every answer is `insecure`; and whatever is
 * neither data nor a clear "no such record" or "no such name" is a failure.
 */
export function systemResolver(options: SystemResolverOptions = {}): Resolver {
  return resolverOver(() => {
    const resolver = new promises.Resolver({ timeout: options.timeout ?? TIMEOUT, tries: options.tries ?? TRIES });
    if (options.servers !== undefined && options.servers.length > 0) resolver.setServers(options.servers);
    return resolver;
  });
}

/** The resolver over any such look-ups; one for each question, so that cancelling one touches no other. */
export function resolverOver(open: () => Lookups): Resolver {
  return {
    async query<T extends RecordType>(
      name: DnsName,
      type: T,
      query: QueryOptions = {},
    ): Promise<Answer<RecordTypes[T]>> {
      query.signal?.throwIfAborted();
      const lookups = open();
      const stop = (): void => lookups.cancel();
      query.signal?.addEventListener("abort", stop, { once: true });
      const chain: readonly Alias[] = [];
      try {
        const records = await LOOKUPS[type](lookups, name);
        return { name, chain, kind: "data", security: "insecure", records };
      } catch (error) {
        query.signal?.throwIfAborted();
        return { name, chain, ...absence(error) };
      } finally {
        query.signal?.removeEventListener("abort", stop);
      }
    },
  };
}

type Absence =
  | { readonly kind: "nodata" | "nxdomain"; readonly security: "insecure" }
  | { readonly kind: "failure"; readonly cause: "unavailable"; readonly detail: string };

/** An error is never read as an absence: two codes alone are answers. */
function absence(error: unknown): Absence {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  if (code === "ENODATA") return { kind: "nodata", security: "insecure" };
  if (code === "ENOTFOUND") return { kind: "nxdomain", security: "insecure" };
  const detail = error instanceof Error ? error.message : String(error);
  return { kind: "failure", cause: "unavailable", detail: detail.slice(0, LONGEST_DETAIL) };
}

async function mx(lookups: Lookups, name: DnsName): Promise<Mx[]> {
  const records = await lookups.resolveMx(name);
  return records.map(({ priority, exchange }) => ({ preference: priority, exchange: withoutDot(exchange) }));
}

function withoutDot(name: string): DnsName {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

const LOOKUPS: { readonly [type in RecordType]: (lookups: Lookups, name: DnsName) => Promise<RecordTypes[type][]> } = {
  MX: mx,
  A: (lookups, name) => lookups.resolve4(name),
  AAAA: (lookups, name) => lookups.resolve6(name),
  TXT: async (lookups, name) => (await lookups.resolveTxt(name)).map((strings) => strings.join("")),
  TLSA: async (lookups, name) =>
    (await lookups.resolveTlsa(name)).map((one) => ({
      usage: one.certUsage,
      selector: one.selector,
      matching: one.match,
      data: new Uint8Array(one.data),
    })),
  CNAME: async (lookups, name) => (await lookups.resolveCname(name)).map(withoutDot),
  PTR: async (lookups, name) => (await lookups.resolvePtr(name)).map(withoutDot),
  NS: async (lookups, name) => (await lookups.resolveNs(name)).map(withoutDot),
  SRV: async (lookups, name) =>
    (await lookups.resolveSrv(name)).map(({ name: target, ...one }) => ({
      priority: one.priority,
      weight: one.weight,
      port: one.port,
      target: withoutDot(target),
    })),
};

const TIMEOUT = 5000;
const TRIES = 2;
const LONGEST_DETAIL = 200;
