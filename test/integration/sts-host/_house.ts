import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { openStsHost, type StsHost, type StsHostParts } from "../../../src/daemon/sts_host.ts";
import { loadCertificates } from "../../../src/tls/io/mod.ts";
import { type TestCa, testCa } from "../../support/certificates.ts";

/** A folder with certificates of a CA of its own. */
export interface House extends AsyncDisposable {
  readonly folder: string;
  readonly ca: TestCa;
  /** PEM of the CA, for curl. */
  readonly caFile: string;
  /** Issues and writes a pair. */
  pair(name: string, names: readonly string[]): Promise<{ readonly chain: string; readonly key: string }>;
}

export async function openHouse(): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-sts-host-"));
  const ca = await testCa();
  const caFile = join(folder, "ca.pem");
  await writeFile(caFile, ca.pem);
  return {
    folder,
    ca,
    caFile,
    async pair(name, names) {
      const issued = await ca.issue(names);
      const files = { chain: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
      await writeFile(files.chain, issued.chain);
      await writeFile(files.key, issued.key, { mode: 0o600 });
      return files;
    },
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A policy host on loopback with the certificates for these lists of names, the first being the default. */
export async function hostWith(
  house: House,
  names: readonly (readonly string[])[],
  parts: Pick<StsHostParts, "policyOf" | "limits">,
): Promise<StsHost> {
  const pairs = await Promise.all(names.map(async (list, at) => await house.pair(`c${at}`, list)));
  const [first, ...rest] = pairs;
  if (first === undefined) throw new Error("A policy host needs a certificate");
  const certificates = await loadCertificates([first, ...rest], { clock: systemClock });
  if (!certificates.ok) throw new Error(JSON.stringify(certificates.error));
  const address = { host: "127.0.0.1", port: 0 };
  return await openStsHost(
    { address, tls: "implicit" },
    { clock: systemClock, certificates: certificates.value, ...parts },
  );
}

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly complaints: string;
}

/** Runs a program to its end; never rejects for its exit status. */
export function runProgram(program: string, args: readonly string[], input = ""): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(program, [...args], { timeout: 20_000 }, (error, out, complaints) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ status, out, complaints });
    });
    child.stdin?.on("error", () => undefined).end(input);
  });
}

/** curl that believes the house's CA alone and takes a name to be at the port. */
export async function curl(house: House, port: number, args: readonly string[]): Promise<Ran> {
  const to = ["--connect-to", `::127.0.0.1:${port}`, "--cacert", house.caFile, "--noproxy", "*"];
  return await runProgram("curl", ["-sS", "-q", "--max-time", "10", ...to, ...args]);
}
