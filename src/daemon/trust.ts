import { publish } from "../observe/mod.ts";
import { openTrust, type TrustSource, type TrustStore } from "../tls/io/mod.ts";
import { StartFailure } from "./seams.ts";

/**
 * The roots that a setting names: "system", "bundled" or a file. A machine without roots of its own (a bare container) gets
 * those of Node.js, and its operator is told.
 */
export async function trustOf(roots: string): Promise<TrustStore> {
  const source: TrustSource =
    roots === "system" || roots === "bundled" ? { kind: roots } : { kind: "file", path: roots };
  const opened = await openTrust(source);
  if (opened.ok) return opened.value;
  if (source.kind !== "system") throw new StartFailure(`Cannot open the roots: ${opened.error}`);
  publish("hopseal:fault", { where: "tls", text: `${opened.error}; using those that come with Node.js` });
  const bundled = await openTrust({ kind: "bundled" });
  if (!bundled.ok) throw new StartFailure(`Cannot open the roots: ${bundled.error}`);
  return bundled.value;
}
