import { err, ok, type Instant, type Result } from "../../base/mod.ts";
import { type DirectoryName, directoryNameOf } from "./directory_name.ts";
import { type Basic, basicConstraintsOf, extendedKeyUsageOf, keyUsageOf, type Usage } from "./extensions.ts";
import { type GeneralName, generalNamesOf } from "./general_name.ts";
import { type NameConstraints, nameConstraintsOf } from "./name_constraints.ts";
import { type Outline, outlineOf, type RawExtension } from "./outline.ts";
import { validityOf } from "./time.ts";

/** A certificate as far as a path needs it (RFC 5280 §4). An extension that is absent is undefined. */
export interface Certificate {
  readonly outline: Outline;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly issuer: DirectoryName;
  readonly subject: DirectoryName;
  readonly alternativeNames: readonly GeneralName[] | undefined;
  readonly basic: Basic | undefined;
  readonly usage: Usage | undefined;
  readonly purposes: readonly string[] | undefined;
  readonly constraints: NameConstraints | undefined;
  /** It has a critical extension that nobody here can process. */
  readonly beyondUs: boolean;
}

/** Reads a certificate with all that matters in a path; the error says what is malformed. */
export function parseCertificate(der: Uint8Array): Result<Certificate, string> {
  const outline = outlineOf(der);
  if (!outline.ok) return outline;
  const issuer = directoryNameOf(outline.value.issuer);
  const subject = directoryNameOf(outline.value.subject);
  if (issuer === undefined || subject === undefined) return err("a name in the certificate is malformed");
  const validity = validityOf(outline.value.validity);
  if (validity === undefined) return err("the certificate's dates are malformed");
  const { extensions } = outline.value;
  const alternativeNames = reading(extensions, ID.alternativeNames, generalNamesOf);
  const basic = reading(extensions, ID.basic, basicConstraintsOf);
  const usage = reading(extensions, ID.usage, keyUsageOf);
  const purposes = reading(extensions, ID.purposes, extendedKeyUsageOf);
  const constraints = reading(extensions, ID.constraints, nameConstraintsOf);
  if (!alternativeNames.ok) return alternativeNames;
  if (!basic.ok) return basic;
  if (!usage.ok) return usage;
  if (!purposes.ok) return purposes;
  if (!constraints.ok) return constraints;
  return ok({
    outline: outline.value,
    ...validity,
    issuer,
    subject,
    alternativeNames: alternativeNames.value,
    basic: basic.value,
    usage: usage.value,
    purposes: purposes.value,
    constraints: constraints.value,
    beyondUs: extensions.some((one) => one.critical && !PROCESSED.has(one.id)),
  });
}

function reading<T>(
  extensions: readonly RawExtension[],
  id: string,
  read: (value: Uint8Array) => T | undefined,
): Result<T | undefined, string> {
  const extension = extensions.find((one) => one.id === id);
  if (extension === undefined) return ok(undefined);
  const value = read(extension.value);
  return value === undefined ? err("an extension of the certificate is malformed") : ok(value);
}

/** Content octets of 2.5.29.n, in hexadecimal. */
const ID = {
  usage: "551d0f",
  alternativeNames: "551d11",
  basic: "551d13",
  constraints: "551d1e",
  policies: "551d20",
  purposes: "551d25",
} as const;
/** Any policy will do here, so that certificatePolicies needs no processing (RFC 5280 §6.1.1). */
const PROCESSED: ReadonlySet<string> = new Set(Object.values(ID));
