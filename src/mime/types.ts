import type { Bytes, Result } from "../base/mod.ts";
import type { ContentFacts } from "../mail/mod.ts";

/** Opens content from its first octet; may be called again and again. */
export type OpenContent = () => AsyncIterable<Bytes>;

export interface ConvertOptions {
  /** Multiparts and messages inside each other; default 20. */
  readonly maxDepth?: number;
  /** Parts of one message; default 10,000. */
  readonly maxParts?: number;
  /** Octets of the header of one part; default 1 MiB. */
  readonly maxHeader?: number;
}

/** Content that any SMTP server takes: ASCII without NUL, whole lines of at most 998 octets. */
export interface Converted {
  readonly content: ContentFacts;
  readonly body: "7bit";
  readonly open: OpenContent;
}

/** Why content must stay as it is. */
export type Refusal =
  /** A signature covers what would change; `by` names its field or type. */
  | { readonly kind: "signed"; readonly by: string }
  /** A header field has octets above 127, NUL, a bare CR or LF, or a line of more than 998 octets (RFC 6532 §3). */
  | { readonly kind: "header"; readonly detail: string }
  /** It cannot be told where its parts are, or how they are encoded. */
  | { readonly kind: "malformed"; readonly detail: string }
  /** More parts, depth or header than the bounds allow. */
  | { readonly kind: "too-complex"; readonly detail: string };

/** The shape of `convertTo7Bit`. Rejects only with what `open` throws. */
export type ConvertTo7Bit = (open: OpenContent, options?: ConvertOptions) => Promise<Result<Converted, Refusal>>;
