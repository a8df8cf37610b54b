import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMessage, generateKey, sign } from "openpgp";
import { type Bytes, type Instant, utf8 } from "../../src/base/mod.ts";

/** What stands in a list that a test makes. */
export interface ListText {
  readonly issued: Instant;
  /** Default: two weeks later. */
  readonly ends?: Instant;
  /** Domain → mode and names, e.g. "enforce mx.pine.example". */
  readonly policies: Readonly<Record<string, string>>;
}

/** A key that signs policy lists, with its public half in a file. */
export interface ListSigner extends AsyncDisposable {
  readonly file: string;
  readonly fingerprint: string;
  /** A detached signature, armored. */
  sign(content: Bytes, at: Instant): Promise<Bytes>;
}

export async function listSigner(made: Instant = Date.UTC(2020, 0)): Promise<ListSigner> {
  const { privateKey, publicKey } = await generateKey({
    userIDs: [{ name: "Lists" }],
    type: "curve25519",
    subkeys: [{ sign: true }],
    date: new Date(made),
    format: "object",
  });
  const folder = await mkdtemp(join(tmpdir(), "hopseal-signer-"));
  const file = join(folder, "key.asc");
  await writeFile(file, publicKey.armor());
  return {
    file,
    fingerprint: publicKey.getFingerprint(),
    async sign(content, at) {
      const message = await createMessage({ binary: content });
      return utf8(
        await sign({ message, signingKeys: privateKey, detached: true, format: "armored", date: new Date(at) }),
      );
    },
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }),
  };
}

/** The octets of a list. */
export function listText({ issued, ends = issued + 14 * 86_400_000, policies }: ListText): Bytes {
  const entries = Object.entries(policies).map(([name, says]) => {
    const [mode, ...mxs] = says.split(" ");
    return [name, { mode, mxs }];
  });
  const whole = {
    timestamp: new Date(issued).toISOString(),
    expires: new Date(ends).toISOString(),
    version: "0.1",
    author: "a test",
    "policy-aliases": {},
    policies: Object.fromEntries(entries) as unknown,
  };
  return utf8(`${JSON.stringify(whole, undefined, 1)}\n`);
}
