import { publish } from "../observe/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { StoreError } from "./port.ts";

/** What a client hears when the store fails: never success, never a permanent refusal. */
export function storeFault(error: unknown): Status {
  publish("hopseal:fault", { where: "store", text: error instanceof Error ? error.message : String(error) });
  if (error instanceof StoreError && error.kind === "no-space") return statusOf("no-storage");
  return statusOf("storage-error");
}
