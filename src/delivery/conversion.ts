import type { Envelope } from "../mail/mod.ts";
import type { Refusal } from "../mime/mod.ts";
import type { Extensions, Outgoing } from "../smtp/client/mod.ts";
import type { Status } from "../status/mod.ts";
import type { Dialled, Walk } from "./walk.ts";

/**
 * The message as this host gets it: unchanged wherever the host takes it so; as 7-bit where the route allows it, or the
 * message is a notice of ours, and the content can be turned without breaking a signature. `refusal` says why it was not.
 */
export async function contentFor(
  walk: Walk,
  { planned }: Dialled,
  extensions: Extensions,
): Promise<Omit<Outgoing, "recipients"> & { readonly refusal?: Refusal }> {
  const { envelope } = walk.work;
  const open = (): ReturnType<Outgoing["open"]> => walk.work.open();
  const unchanged = { envelope, content: envelope.content, open };
  const allowed = planned.way?.convert === true || envelope.origin.kind === "generated";
  if (walk.convert === undefined || !allowed || takes(extensions, envelope)) return unchanged;
  walk.converted ??= walk.convert(open);
  const converted = await walk.converted;
  if (!converted.ok) return { ...unchanged, refusal: converted.error };
  const { content, body } = converted.value;
  return { envelope: { ...envelope, body }, content, open: () => converted.value.open() };
}

/** A status about content that cannot pass, with the reason why it was not turned. */
export function explained<S extends Status | undefined>(status: S, refusal: Refusal | undefined): S {
  if (status === undefined || refusal === undefined || !UNCONVERTED.has(status.cause)) return status;
  const why = refusal.kind === "signed" ? `it is signed (${refusal.by})` : `${refusal.kind}: ${refusal.detail}`;
  return { ...status, text: `${status.text}; it cannot be turned into 7-bit: ${why}` };
}

/** Whether the host has the extensions that the content needs. */
function takes(extensions: Extensions, { body, content }: Envelope): boolean {
  // RFC 3030 §3
  if (body === "binarymime" || content.bareCrLf || content.nul || !content.endsInCrlf) {
    return extensions.chunking && extensions.binaryMime;
  }
  // RFC 6152 §3
  return extensions.eightBitMime || !content.eightBit;
}

const UNCONVERTED: ReadonlySet<Status["cause"]> = new Set(["conversion-required", "binary-refused"]);
