import { StoreError } from "../../port.ts";

/** The StoreError for a failed file-system call: `no-space` when the disk or the quota is full. */
export function fileFault(action: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const kind = code === "ENOSPC" || code === "EDQUOT" ? "no-space" : "io";
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreError(kind, `Cannot ${action}: ${reason}`, { cause: error });
}
