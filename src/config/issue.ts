import type { ConfigIssue } from "./types.ts";

/** An issue with its path, before its line is known. */
export type CheckIssue = Pick<ConfigIssue, "severity" | "message"> & { readonly path: readonly (string | number)[] };

export interface CheckWorld {
  exists(path: string): boolean;
  /** The permission bits of a file that exists. */
  mode?(path: string): number | undefined;
  /** The dNSNames of the first certificate in a PEM file; undefined when there is none to read. */
  certificateNames?(path: string): readonly string[] | undefined;
  /** Milliseconds since 1970. */
  now(): number;
}

export function error(path: CheckIssue["path"], message: string): CheckIssue {
  return { severity: "error", path, message };
}

export function warning(path: CheckIssue["path"], message: string): CheckIssue {
  return { severity: "warning", path, message };
}
