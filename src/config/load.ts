import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import { err, ok, type Result } from "../base/mod.ts";
import { peerNames } from "../tls/mod.ts";
import { checkConfig } from "./check.ts";
import type { CheckIssue } from "./issue.ts";
import { locator } from "./locate.ts";
import { configSchema } from "./schema.ts";
import type { Config, ConfigIssue, PolicyListConfig, RouteTarget } from "./types.ts";

export interface Loaded {
  readonly file: string;
  readonly config: Config;
  readonly warnings: readonly ConfigIssue[];
}

export interface LoadFailure {
  readonly file: string;
  readonly issues: readonly ConfigIssue[];
}

/** Reads and checks a configuration file; paths in it are taken from its folder. Never throws for what the file says. */
export function loadConfig(file: string): Result<Loaded, LoadFailure> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return err({ file, issues: [{ severity: "error", key: "", message: `Cannot read the file: ${reason}` }] });
  }
  return parseConfig(text, file);
}

/** Like `loadConfig`, for text in hand; `file` gives the folder for relative paths and the name in messages. */
export function parseConfig(text: string, file: string): Result<Loaded, LoadFailure> {
  const raw = parseToml(text);
  if (!raw.ok) return err({ file, issues: [raw.error] });
  const checked = configSchema.safeParse(raw.value);
  if (!checked.success) return err({ file, issues: told(checked.error.issues.flatMap(schemaIssues), text) });
  const config = withAbsolutePaths(checked.data, dirname(resolve(file)));
  const found = checkConfig(config, { exists: existsSync, mode: modeOf, certificateNames, now: Date.now });
  const issues = told(found, text);
  if (found.some((issue) => issue.severity === "error")) return err({ file, issues });
  return ok({ file, config, warnings: issues });
}

function modeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mode;
}

function certificateNames(path: string): readonly string[] | undefined {
  try {
    const names = peerNames(new Uint8Array(new X509Certificate(readFileSync(path)).raw));
    return names.ok ? names.value.dns : undefined;
  } catch {
    // What cannot be read is told of when it is loaded.
    return undefined;
  }
}

/** "hopseal.toml:12:1: listen.0.address: …" for people. */
export function formatIssue(file: string, issue: ConfigIssue): string {
  const place = issue.line === undefined ? file : `${file}:${issue.line}:${issue.column}`;
  const key = issue.key === "" ? "" : `${issue.key}: `;
  return `${place}: ${issue.severity}: ${key}${issue.message}`;
}

function parseToml(text: string): Result<unknown, ConfigIssue> {
  try {
    return ok(parse(text));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = error.message.split("\n", 1)[0] ?? "";
    return err({ severity: "error", key: "", message, line: error.line, column: error.column });
  }
}

type SchemaIssue = { path: PropertyKey[]; message: string } & (
  | { code: "unrecognized_keys"; keys: string[] }
  | { code: string }
);

function schemaIssues(issue: SchemaIssue): CheckIssue[] {
  const base = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (!("keys" in issue)) return [{ severity: "error", path: base, message: issue.message }];
  return issue.keys.map((key) => ({ severity: "error", path: [...base, key], message: "This key is not known" }));
}

/** The issues with their places. Where there are very many, errors come before warnings and the last says how many are left. */
function told(issues: readonly CheckIssue[], text: string): ConfigIssue[] {
  const placeOf = locator(text);
  const placed = ({ severity, message, path }: CheckIssue): ConfigIssue => ({
    severity,
    key: path.join("."),
    message,
    ...placeOf(path),
  });
  if (issues.length <= MOST_TOLD) return issues.map(placed);
  const errors = issues.filter(({ severity }) => severity === "error");
  const all = [...errors, ...issues.filter(({ severity }) => severity !== "error")];
  const severity = errors.length > MOST_TOLD ? "error" : "warning";
  const left = `There are ${all.length - MOST_TOLD} more of these`;
  return [...all.slice(0, MOST_TOLD).map(placed), { severity, key: "", message: left }];
}

function withAbsolutePaths(config: Config, folder: string): Config {
  const absolute = (path: string): string => resolve(folder, path);
  return {
    ...config,
    data_dir: absolute(config.data_dir),
    ...(config.drop_dir === undefined ? {} : { drop_dir: absolute(config.drop_dir) }),
    certificate: config.certificate.map(({ chain, key, next_key }) => ({
      chain: absolute(chain),
      key: absolute(key),
      ...(next_key === undefined ? {} : { next_key: absolute(next_key) }),
    })),
    clients: {
      ...config.clients,
      allow_files: config.clients.allow_files.map(absolute),
      deny_files: config.clients.deny_files.map(absolute),
    },
    domain: config.domain.map((entry) =>
      entry.recipients_file === undefined ? entry : { ...entry, recipients_file: absolute(entry.recipients_file) },
    ),
    dns: {
      ...config.dns,
      trust_anchors: config.dns.trust_anchors === "builtin" ? "builtin" : absolute(config.dns.trust_anchors),
    },
    outbound: {
      ...config.outbound,
      roots: NAMED_ROOTS.has(config.outbound.roots) ? config.outbound.roots : absolute(config.outbound.roots),
    },
    policy: {
      ...config.policy,
      mta_sts_roots: NAMED_ROOTS.has(config.policy.mta_sts_roots)
        ? config.policy.mta_sts_roots
        : absolute(config.policy.mta_sts_roots),
    },
    policy_list: config.policy_list.map((entry) => ({ ...entry, ...listPaths(entry, absolute) })),
    policy_service: {
      ...config.policy_service,
      ...(config.policy_service.path === undefined ? {} : { path: absolute(config.policy_service.path) }),
    },
    metrics: {
      ...config.metrics,
      ...(config.metrics.path === undefined ? {} : { path: absolute(config.metrics.path) }),
    },
    route: config.route.map((entry) => ({ ...entry, deliver: absoluteTarget(entry.deliver, absolute) })),
  };
}

/** The signature of a list by url is no path. */
function listPaths(
  { url, file, signature, key, roots }: PolicyListConfig,
  absolute: (path: string) => string,
): Partial<PolicyListConfig> {
  return {
    ...(file === undefined ? {} : { file: absolute(file) }),
    ...(signature === undefined || url !== undefined ? {} : { signature: absolute(signature) }),
    ...(key === undefined ? {} : { key: absolute(key) }),
    roots: NAMED_ROOTS.has(roots) ? roots : absolute(roots),
  };
}

function absoluteTarget(target: RouteTarget, absolute: (path: string) => string): RouteTarget {
  if (typeof target === "string") return target;
  if ("maildir" in target) return { maildir: absolute(target.maildir) };
  if (!("smtp" in target) || target.password_file === undefined) return target;
  return { ...target, password_file: absolute(target.password_file) };
}

/** Nobody reads more, and a file of nothing but faults must not fill a log. */
const MOST_TOLD = 100;
const NAMED_ROOTS: ReadonlySet<string> = new Set(["system", "bundled"]);
