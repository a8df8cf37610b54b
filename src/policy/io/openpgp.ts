/**
 * The one door to OpenPGP.js, an optional dependency: what needs it says so when it is not installed, all else goes on.
 * A key counts as of the time of the signature. Of a key that was revoked for a reason that says it cannot be trusted, or
 * for none, no signature is good; of one that was retired or replaced, those made before. Whatever is newly taken also
 * needs a key that is neither expired nor revoked now, for a thief of an old key could set back the clock.
 */
import type * as OpenPgp from "openpgp";
import { type Bytes, equalBytes, err, type Instant, ok, type Result } from "../../base/mod.ts";
import { dearmor } from "../sources/list-armor.ts";

/** The key that is believed: its file, armored or not, and the fingerprint of its primary key in lower-case hexadecimal. */
export interface PinnedKey {
  readonly octets: Bytes;
  readonly fingerprint: string;
}

export interface DetachedSignature {
  readonly content: Bytes;
  /** Armored or not. */
  readonly signature: Bytes;
  readonly key: PinnedKey;
}

/** Who made a good signature, and when. */
export interface Signer {
  /** Of the primary key or the signing subkey, in lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly signedAt: Instant;
}

/**
 * Verifies a detached signature over the very octets of a file (RFC 9580 §5.2.1, type 0x00). With `now` the signature and
 * the key must hold at that time too. The error says what is wrong.
 */
export async function verifyDetached(
  { content, signature, key }: DetachedSignature,
  { now }: { readonly now?: Instant } = {},
): Promise<Result<Signer, string>> {
  const opened = await openPgp();
  if (!opened.ok) return opened;
  const library = opened.value;
  try {
    const read = await readSignature(library, signature);
    if (!read.ok) return read;
    const { whole, packet, signedAt } = read.value;
    const pinned = await readKey(library, key);
    if (!pinned.ok) return pinned;
    const message = await library.createMessage({ binary: content });
    const at = new Date(now === undefined ? signedAt : Math.max(now, signedAt));
    const checked = await library.verify({
      message,
      signature: whole,
      verificationKeys: pinned.value,
      format: "binary",
      date: at,
    });
    const [first] = checked.signatures;
    // It rejects for a signature that is not good.
    if (first === undefined || !(await first.verified)) return err("the signature is not good");
    if (now !== undefined) await pinned.value.verifyPrimaryKey(at);
    const signer = await pinned.value.getSigningKey(packet.issuerKeyID, now === undefined ? new Date(signedAt) : at);
    return ok({ fingerprint: signer.getFingerprint(), signedAt });
  } catch (error) {
    return err(`the signature is not good: ${textOf(error)}`);
  }
}

type Library = typeof OpenPgp;
type Whole = Awaited<ReturnType<Library["readSignature"]>>;
type Packet = Whole["packets"][number];
type Key = Awaited<ReturnType<Library["readKeys"]>>[number];

async function openPgp(): Promise<Result<Library, string>> {
  try {
    return ok(await import("openpgp"));
  } catch (error) {
    return err(
      `OpenPGP.js is not here, and signed lists need it; install it: npm install openpgp@6 (${textOf(error)})`,
    );
  }
}

interface ReadSignature {
  readonly whole: Whole;
  readonly packet: Packet;
  readonly signedAt: Instant;
}

async function readSignature(library: Library, octets: Bytes): Promise<Result<ReadSignature, string>> {
  const plain = dearmor(octets, "SIGNATURE");
  if (!plain.ok) return err(`the signature cannot be read: ${plain.error}`);
  const whole = await library.readSignature({ binarySignature: plain.value });
  const [packet, ...more] = whole.packets;
  if (packet === undefined || more.length > 0) return err("the signature is not one signature");
  // RFC 9580 §5.2.1: one over text lets the ends of lines change.
  if (packet.signatureType !== library.enums.signature.binary)
    return err("the signature is not over the octets of a file");
  if (packet.created === null) return err("the signature has no time");
  const looseEnd = unsignedPart(packet, plain.value);
  if (looseEnd !== undefined) return err(looseEnd);
  return ok({ whole, packet, signedAt: packet.created.getTime() });
}

/** What of a signature packet could be altered without making the signature wrong; undefined when nothing could. */
function unsignedPart(packet: Packet, octets: Bytes): string | undefined {
  // RFC 9580 §5.2.3: only the issuer is expected where nothing is signed; the key is looked up by it.
  const known = packet.unhashedSubpackets.every(
    ({ type, critical, body }) => !critical && ISSUERS.has(type) && body.length > 0,
  );
  if (!known) return "the signature has unsigned parts beside its issuer";
  const body = packet.write();
  const header = octets.length - body.length;
  if (header < 2 || header > LONGEST_HEADER || !equalBytes(octets.subarray(header), body)) {
    return "the signature is not written as it should be";
  }
  return undefined;
}

async function readKey(library: Library, { octets, fingerprint }: PinnedKey): Promise<Result<Key, string>> {
  const plain = dearmor(octets, "PUBLIC KEY BLOCK");
  if (!plain.ok) return err(`the key cannot be read: ${plain.error}`);
  let keys: readonly Key[];
  try {
    keys = await library.readKeys({ binaryKeys: plain.value });
  } catch (error) {
    return err(`the key cannot be read: ${textOf(error)}`);
  }
  const pinned = keys.find((key) => key.getFingerprint() === fingerprint);
  if (pinned !== undefined) return ok(pinned);
  const found = keys.map((key) => key.getFingerprint()).join(", ");
  return err(`the key file has ${found === "" ? "no key" : found}, not ${fingerprint}`);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** RFC 9580 §5.2.3.12 and §5.2.3.35: issuer key ID, issuer fingerprint. */
const ISSUERS: ReadonlySet<number> = new Set([16, 33]);
/** RFC 9580 §4.2: a type octet, and a length of at most five. */
const LONGEST_HEADER = 6;
