import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bytes } from "../../src/base/mod.ts";

/** GnuPG with a key ring of its own. */
export interface Gpg extends Disposable {
  /** Makes a key with a signing subkey; the fingerprint of the primary key. `made` is when, YYYYMMDDTHHMMSS. */
  key(options?: { readonly name?: string; readonly expires?: string; readonly made?: string }): string;
  /** The public key; armored unless told. */
  exported(fingerprint: string, armored?: boolean): Bytes;
  /** A detached signature; `made` is when, YYYYMMDDTHHMMSS; `more` are further options of gpg. */
  sign(
    content: Bytes,
    by: string,
    options?: { readonly made?: string; readonly armored?: boolean; readonly more?: readonly string[] },
  ): Bytes;
  /** Puts a revocation of the primary key into the ring; reasons as gpg numbers them, 1 compromised, 3 retired. */
  revoke(fingerprint: string, reason: 0 | 1 | 2 | 3): void;
  /** Whether gpg takes the signature. */
  verifies(content: Bytes, signature: Bytes): boolean;
  run(words: readonly string[], input?: string): Buffer;
}

export function openGpg(): Gpg {
  const home = mkdtempSync(join(tmpdir(), "hopseal-gpg-"));
  const run: Gpg["run"] = (words, input = "") =>
    execFileSync(
      "gpg",
      [
        "--homedir",
        home,
        "--batch",
        "--no-tty",
        "--quiet",
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        "",
        ...words,
      ],
      {
        input,
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
  const file = (name: string, content: Bytes): string => {
    const path = join(home, name);
    writeFileSync(path, content);
    return path;
  };
  const at = (made: string | undefined): readonly string[] =>
    made === undefined ? [] : ["--faked-system-time", `${made}!`];
  return {
    run,
    key({ name = "lists@rook.example", expires = "never", made } = {}) {
      run([...at(made), "--quick-generate-key", name, "ed25519", "cert", expires]);
      const listed = run(["--list-keys", "--with-colons", name]).toString();
      const prints = listed.split("\n").filter((line) => line.startsWith("fpr:"));
      const fingerprint = prints[0]?.split(":")[9] ?? "";
      run([...at(made), "--quick-add-key", fingerprint, "ed25519", "sign", expires]);
      return fingerprint.toLowerCase();
    },
    exported: (fingerprint, armored = true) =>
      new Uint8Array(run([...(armored ? ["--armor"] : []), "--export", fingerprint])),
    sign(content, by, { made, armored = true, more = [] } = {}) {
      const path = file("content", content);
      return new Uint8Array(
        run([
          ...at(made),
          ...(armored ? ["--armor"] : []),
          ...more,
          "--local-user",
          by,
          "--detach-sign",
          "--output",
          "-",
          path,
        ]),
      );
    },
    revoke(fingerprint, reason) {
      const words = ["--command-fd", "0", "--no-batch", "--gen-revoke", "--armor", fingerprint];
      const certificate = run(words, `y\n${reason}\n\ny\n`);
      run(["--import", file("revocation", certificate)]);
    },
    verifies(content, signature) {
      try {
        run(["--verify", file("signature", signature), file("content", content)]);
        return true;
      } catch {
        return false;
      }
    },
    [Symbol.dispose]() {
      try {
        execFileSync("gpgconf", ["--homedir", home, "--kill", "gpg-agent"], { stdio: "ignore" });
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    },
  };
}
