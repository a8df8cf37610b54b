import type { Config } from "../config/mod.ts";
import type { LocalMessage } from "../submission/mod.ts";
import { askDaemon } from "./control_client.ts";
import { controlSocketPath } from "./control_api.ts";
import { localMessageQuery } from "./control_json.ts";

export type HandedOver =
  | { readonly kind: "taken"; readonly id: string }
  /** `again`: trying later may help. */
  | { readonly kind: "refused"; readonly text: string; readonly again: boolean }
  /** No daemon runs, or this user may not talk to it. */
  | { readonly kind: "out-of-reach"; readonly text: string };

/** Hands a local message to the running daemon; never touches the queue's files. */
export async function handOver(config: Config, message: LocalMessage): Promise<HandedOver> {
  const answer = await askDaemon(controlSocketPath(config.data_dir), {
    method: "POST",
    path: "messages",
    query: localMessageQuery(message),
    body: message.content,
  });
  if (answer.ok) return { kind: "taken", id: (answer.value as { id: string }).id };
  const fault = answer.error;
  if (fault.kind === "not-running") return { kind: "out-of-reach", text: "The daemon does not run" };
  if (fault.kind === "not-allowed") return { kind: "out-of-reach", text: "The daemon's socket is not for this user" };
  if (fault.kind === "broken") return { kind: "out-of-reach", text: `The daemon does not answer: ${fault.detail}` };
  const said = (fault.body as { error?: unknown }).error;
  const text = typeof said === "string" ? said : `The daemon answered ${fault.status}`;
  return { kind: "refused", text, again: fault.status === 503 };
}
