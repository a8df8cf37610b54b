import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/mod.ts";

/** Keys that a running daemon keeps until it is started again. */
const FIXED = [
  "hostname",
  "data_dir",
  "user",
  "drop_dir",
  "workers",
  "message_size",
  "listen",
  "https",
  "certificate",
  "queue",
  "limits",
  "policy_service",
  "metrics",
  "log",
] as const satisfies readonly (keyof Config)[];

/** The keys of a newly read configuration that differ and come into force only at the next start. */
export function waitingForRestart(running: Config, read: Config): readonly string[] {
  return FIXED.filter((key) => !isDeepStrictEqual(inUse(running, key), inUse(read, key)));
}

/** The next key of a certificate is nothing that a daemon uses. */
function inUse(config: Config, key: (typeof FIXED)[number]): unknown {
  return key === "certificate" ? config.certificate.map(({ chain, key }) => [chain, key]) : config[key];
}

/** What a running daemon can take over of a newly read configuration. */
export function takenOver(running: Config, read: Config): Config {
  const kept = FIXED.flatMap((key) => (key in running ? [[key, running[key]]] : []));
  const { user: _user, drop_dir: _dropDir, https: _https, policy_service: _service, ...others } = read;
  return { ...others, ...Object.fromEntries(kept) };
}
