import { constants } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { type Clock, err, type Instant, ok, type Result } from "../../base/mod.ts";
import { chosenFor } from "../choose.ts";
import {
  type CertificateFault,
  type CertificateFiles,
  type CertificateWarning,
  type LoadedPair,
  loadPair,
  type ReadText,
} from "./load_pair.ts";

/** The certificates of a server, chosen by the name that the client asks for. */
export interface Certificates {
  /** The context for a name: all key types whose certificate covers it, or the default one for a name nobody covers. */
  contextFor(servername?: string): SecureContext;
  /**
   * The two options that a server's `TLSSocket` needs; they follow a reload. A client that asks for another name than
   * the default certificate's is served one key type, RSA where there is one: Node.js sets no more for a name.
   */
  serverOptions(): Pick<ServerTlsOptions, "secureContext" | "SNICallback">;
  /** What was noticed at the last successful load. */
  readonly warnings: readonly CertificateWarning[];
  /** The earliest end of validity. */
  readonly expires: Instant;
  /** Reads all files again; on a fault the old certificates stay in force. */
  reload(): Promise<Result<readonly CertificateWarning[], readonly CertificateFault[]>>;
}

export interface ServerTlsOptions {
  readonly secureContext: SecureContext;
  readonly SNICallback: (servername: string, done: (error: Error | null, context?: SecureContext) => void) => void;
}

export interface CertificatesOptions {
  readonly clock: Clock;
  /** How files are read, where not from the disk. */
  readonly readText?: ReadText;
  /** Added to every context: versions, groups and the like; TLS 1.2 is the least in any case. */
  readonly context?: Omit<SecureContextOptions, "cert" | "key" | "minVersion" | "secureOptions">;
}

/** Loads certificates; the first file pair is the default. All faults are reported, not only the first. */
export async function loadCertificates(
  files: readonly [CertificateFiles, ...CertificateFiles[]],
  options: CertificatesOptions,
): Promise<Result<Certificates, readonly CertificateFault[]>> {
  const first = await loadAll(files, options);
  if (!first.ok) return first;
  let current = first.value;
  const contextFor = (servername?: string): SecureContext => current.contextFor(servername);
  return ok({
    contextFor,
    serverOptions: () => ({
      secureContext: current.contextFor(),
      SNICallback: (servername, done) => {
        const chosen = contextFor(servername);
        // A context set for a name serves its last certificate alone; the socket's own context serves all key types.
        if (chosen === contextFor()) done(null);
        else done(null, chosen);
      },
    }),
    get warnings() {
      return current.warnings;
    },
    get expires() {
      return current.expires;
    },
    async reload() {
      const next = await loadAll(files, options);
      if (!next.ok) return next;
      current = next.value;
      return ok(current.warnings);
    },
  });
}

interface LoadedSet {
  readonly warnings: readonly CertificateWarning[];
  readonly expires: Instant;
  contextFor(servername?: string): SecureContext;
}

async function loadAll(
  files: readonly [CertificateFiles, ...CertificateFiles[]],
  options: CertificatesOptions,
): Promise<Result<LoadedSet, readonly CertificateFault[]>> {
  const now = options.clock.now();
  const loaded = await Promise.all(files.map((pair) => loadPair(pair, now, options.readText)));
  const faults = loaded.flatMap((result) => (result.ok ? [] : [result.error]));
  if (faults.length > 0) return err(faults);
  const pairs = loaded.flatMap((result) => (result.ok ? [result.value] : []));
  return ok({
    warnings: pairs.flatMap((pair) => pair.warnings),
    expires: Math.min(...pairs.map((pair) => pair.notAfter)),
    contextFor: chooser(pairs, options),
  });
}

/** Contexts are made at the first use and kept; there is one per set of certificates, however many names are asked for. */
function chooser(pairs: readonly LoadedPair[], options: CertificatesOptions): LoadedSet["contextFor"] {
  const made = new Map<string, SecureContext>();
  return (servername) => {
    const chosen = rsaLast(chosenFor(pairs, servername));
    const key = chosen.map((pair) => pairs.indexOf(pair)).join(",");
    const known = made.get(key);
    if (known !== undefined) return known;
    const context = createSecureContext({
      ...options.context,
      // RFC 8996 §4
      minVersion: "TLSv1.2",
      secureOptions: SERVER_OPTIONS,
      cert: chosen.map((pair) => pair.chainPem),
      key: chosen.map((pair) => pair.keyPem),
    });
    made.set(key, context);
    return context;
  };
}

/** RSA last: where only the last one is served, it is the one that every client can take. */
function rsaLast(pairs: readonly LoadedPair[]): readonly LoadedPair[] {
  return [...pairs.filter((pair) => pair.keyType !== "rsa"), ...pairs.filter((pair) => pair.keyType === "rsa")];
}

/**
 * No renegotiation, whose cost is ours. No session tickets: the key that seals them lives
 * as long as the program and would open what was recorded, and a ticket of one listener would be good at another.
 */
const SERVER_OPTIONS = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET;
