/** A key that signs policy lists. */
export interface ListSigner {
  /** Its public half, armored. */
  readonly key: string;
  readonly fingerprint: string;
  /** A detached signature, armored. */
  sign(text: string, at: number): Promise<string>;
}

/** Whether openpgp, an optional part of the program, is installed; without it no list can be signed or verified. */
export function canSign(): boolean {
  try {
    return import.meta.resolve("openpgp") !== "";
  } catch {
    return false;
  }
}

/** Makes a new key. Rejects where it cannot. */
export async function listSigner(): Promise<ListSigner> {
  const { createMessage, generateKey, sign } = await import("openpgp");
  const { privateKey, publicKey } = await generateKey({
    userIDs: [{ name: "Lists" }],
    type: "curve25519",
    subkeys: [{ sign: true }],
    date: new Date(MADE),
    format: "object",
  });
  return {
    key: publicKey.armor(),
    fingerprint: publicKey.getFingerprint(),
    async sign(text, at) {
      const message = await createMessage({ binary: Buffer.from(text) });
      return await sign({ message, signingKeys: privateKey, detached: true, format: "armored", date: new Date(at) });
    },
  };
}

const MADE = Date.UTC(2020, 0);
