import { connect, isIP, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { type Clock, err, type Millis, ok, type Result } from "../../base/mod.ts";
import type { Resolver } from "../../dns/mod.ts";
import { type Domain, unmapped } from "../../mail/mod.ts";
import { chainTrusted, type Handshake, matchesAny, peerNames } from "../../tls/mod.ts";
import { type TrustStore, upgrade } from "../../tls/io/mod.ts";
import type { StsTrouble } from "../types.ts";
import { isPublicAddress } from "./public-address.ts";
import { getPolicyFile } from "./sts-http.ts";

export interface StsFetchOptions {
  readonly resolver: Resolver;
  readonly clock: Clock;
  /** The roots that judge policy hosts. */
  readonly trust: TrustStore;
  /** 443 outside tests. */
  readonly port?: number;
  /** Addresses, beside public ones, at which a policy host may stand. */
  readonly permitted?: (address: string) => boolean;
  /** Opens a connection; TCP unless given. */
  readonly dial?: StsDial;
}

/** Opens a connection to an IP address; rejects with an Error that says why there is none. */
export type StsDial = (address: string, port: number, signal: AbortSignal) => Promise<Duplex>;

/**
 * Fetches the text of the MTA-STS policy of `domain` (RFC 8461 §3.3). Never rejects: what went wrong, an abort too, is
 * the error. The text is not judged here.
 */
export async function fetchStsPolicy(
  domain: Domain,
  options: StsFetchOptions,
  signal?: AbortSignal,
): Promise<Result<string, StsTrouble>> {
  const overtime = new AbortController();
  using _timer = options.clock.after(FETCH_DEADLINE, () =>
    overtime.abort(new Error(`no whole policy within ${FETCH_DEADLINE / 1000} s`)),
  );
  const both = signal === undefined ? overtime.signal : AbortSignal.any([overtime.signal, signal]);
  const host = `mta-sts.${domain}`;
  try {
    const opened = await openPolicyHost(host, options, both);
    if (!opened.ok) return opened;
    return await getPolicyFile({ host, path: POLICY_PATH, socket: opened.value, signal: both });
  } catch (error) {
    return failed("fetch", both.aborted ? textOf(both.reason) : textOf(error));
  }
}

/**
 * Opens a connection to a host that publishes policies, at public or permitted addresses alone, and has it prove its name
 * (RFC 8461 §3.3). Rejects for an abort.
 */
export async function openPolicyHost(
  host: string,
  options: StsFetchOptions,
  signal: AbortSignal,
): Promise<Result<TLSSocket, StsTrouble>> {
  const addresses = await addressesOf(host, options, signal);
  if (!addresses.ok) return addresses;
  const opened = await openFirst(addresses.value, options, signal);
  return opened.ok ? await secure(opened.value, host, { options, signal }) : opened;
}

/** Those that may be dialled; to name a local one is no way to reach it. */
async function addressesOf(
  host: string,
  { resolver, permitted }: StsFetchOptions,
  signal: AbortSignal,
): Promise<Result<readonly string[], StsTrouble>> {
  const answers = await Promise.all([resolver.query(host, "AAAA", { signal }), resolver.query(host, "A", { signal })]);
  const found = answers.flatMap((answer) => (answer.kind === "data" ? answer.records : []));
  const allowed = found.filter((address) => mayDial(address, permitted));
  if (allowed.length > 0) return ok(allowed.slice(0, MOST_ADDRESSES));
  const [refused] = found;
  if (refused !== undefined) return failed("fetch", `${host} has no public address (${refused}); it is not asked`);
  const failure = answers.find((answer) => answer.kind === "failure");
  return failed(
    "fetch",
    failure === undefined ? `${host} has no address` : `the address look-up for ${host} failed: ${failure.detail}`,
  );
}

async function openFirst(
  addresses: readonly string[],
  options: StsFetchOptions,
  signal: AbortSignal,
): Promise<Result<Duplex, StsTrouble>> {
  const { port = HTTPS_PORT, dial = tcpDial } = options;
  let last: Result<never, StsTrouble> = failed("fetch", "there is no address");
  for (const address of addresses) {
    const late = new AbortController();
    using _timer = options.clock.after(CONNECT_DEADLINE, () =>
      late.abort(new Error(`no connection within ${CONNECT_DEADLINE / 1000} s`)),
    );
    try {
      const socket = await dial(address, port, AbortSignal.any([signal, late.signal]));
      const reached = socket instanceof Socket ? socket.remoteAddress : address;
      // Whoever dials, what was reached must be what was allowed.
      if (reached !== undefined && mayDial(reached, options.permitted)) return ok(socket);
      socket.on("error", () => undefined).destroy();
      last = failed("fetch", `${address} led to ${String(reached)}, which is not asked`);
    } catch (error) {
      if (signal.aborted) throw error;
      last = failed("fetch", `no connection to ${address} port ${port}: ${textOf(error)}`);
    }
  }
  return last;
}

async function secure(
  connection: Duplex,
  host: string,
  { options, signal }: { readonly options: StsFetchOptions; readonly signal: AbortSignal },
): Promise<Result<TLSSocket, StsTrouble>> {
  const { trust, clock } = options;
  // RFC 8461 §3.3: SNI is the policy host.
  const secured = await upgrade(connection, {
    servername: host,
    trust,
    hello: "full",
    keys: "ephemeral",
    deadline: FETCH_DEADLINE,
    clock,
    signal,
  });
  if (!secured.ok) {
    if (signal.aborted) return failed("fetch", textOf(signal.reason));
    return failed("fetch", `no TLS with ${host}: ${secured.error.detail}`);
  }
  const { socket, handshake } = secured.value;
  const fault = identityFault(handshake, host);
  if (fault !== undefined) {
    socket.on("error", () => undefined).destroy();
    return failed("webpki", fault);
  }
  return ok(socket);
}

/** A trusted chain and a DNS-ID of the policy host; the common name says nothing. */
function identityFault(handshake: Handshake, host: string): string | undefined {
  // RFC 8461 §3.3
  if (!chainTrusted(handshake)) return `the certificate of ${host} is not trusted: ${handshake.chainError}`;
  const names = peerNames(handshake.chain[0] as Uint8Array);
  if (!names.ok) return `the certificate of ${host} cannot be read: ${names.error}`;
  return matchesAny(names.value, [host]) ? undefined : `the certificate is not for ${host}`;
}

function mayDial(address: string, permitted: StsFetchOptions["permitted"]): boolean {
  return isIP(address) !== 0 && (isPublicAddress(address) || permitted?.(unmapped(address)) === true);
}

const tcpDial: StsDial = (address, port, signal) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host: address, port, noDelay: true });
    const stop = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.off("connect", onConnect).off("error", fail);
    };
    const fail = (error: Error): void => {
      stop();
      socket.on("error", () => undefined).destroy();
      reject(error);
    };
    const onAbort = (): void => fail(signal.reason instanceof Error ? signal.reason : new Error("called off"));
    const onConnect = (): void => {
      stop();
      resolve(socket);
    };
    socket.on("connect", onConnect).on("error", fail);
    signal.addEventListener("abort", onAbort, { once: true });
  });

function failed(at: StsTrouble["at"], detail: string): Result<never, StsTrouble> {
  return err({ at, detail });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const POLICY_PATH = "/.well-known/mta-sts.txt";
const HTTPS_PORT = 443;
/** RFC 8461 §3.3 suggests one minute for the whole. */
const FETCH_DEADLINE: Millis = 60_000;
const CONNECT_DEADLINE: Millis = 10_000;
const MOST_ADDRESSES = 4;
