import { publish } from "../observe/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { type Shortage, StoreError } from "./port.ts";

/** What a client hears when there is no room for its mail. */
export function shortOf(limit: Shortage, client?: string): Status {
  publish("hopseal:limited", { limit, ...(client === undefined ? {} : { client }) });
  return statusOf("no-storage");
}

/** What a client hears when the store fails: never success, never a permanent refusal. */
export function storeFault(error: unknown): Status {
  if (error instanceof StoreError && error.limit !== undefined) return shortOf(error.limit);
  publish("hopseal:fault", { where: "store", text: error instanceof Error ? error.message : String(error) });
  if (error instanceof StoreError && error.kind === "no-space") return statusOf("no-storage");
  return statusOf("storage-error");
}
