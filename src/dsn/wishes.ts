import { unreachable } from "../base/mod.ts";
import type { Notify, ReversePath } from "../mail/mod.ts";

/** What a notice says about a recipient (RFC 3464 §2.3.3). */
export type Action = "failed" | "delayed" | "delivered" | "relayed" | "expanded";

/** What has become of a recipient; `relayed-dsn` means passed on to a host that gives notices of its own. */
export type Happening = Action | "relayed-dsn";

/**
 * Whether the sender is told of it, and as what. NOTIFY that is absent asks for failures and delays (RFC 3461 §4.1). What the
 * header says of automatic mail does not count: notices follow the envelope (RFC 3834 §3.2.1).
 *
 * | happened | never | absent | told when NOTIFY holds |
 * |---|---|---|---|
 * | failed | - | failed | FAILURE |
 * | delayed | - | delayed | DELAY |
 * | delivered, relayed, expanded | - | - | SUCCESS |
 * | relayed-dsn | - | - | never: the next host answers for it |
 */
export function actionFor(sender: ReversePath, notify: Notify | undefined, happened: Happening): Action | undefined {
  // RFC 3461 §5.2
  if (sender.kind === "null") return undefined;
  switch (happened) {
    case "failed":
      // RFC 3461 §5.2.6
      return wants(notify, "failure", true) ? "failed" : undefined;
    case "delayed":
      // RFC 3461 §5.2.5
      return wants(notify, "delay", true) ? "delayed" : undefined;
    case "delivered":
    case "relayed":
    case "expanded":
      // RFC 3461 §5.2.2, §5.2.3, §5.2.7.3
      return wants(notify, "success", false) ? happened : undefined;
    case "relayed-dsn":
      // RFC 3461 §5.2.1
      return undefined;
    default:
      return unreachable(happened);
  }
}

/**
 * What NOTIFY becomes behind an alias with several targets, for which `expandedNotice` answers SUCCESS: without it. When
 * nothing else was asked for, nothing is left to tell.
 */
export function withoutSuccess(notify: Notify | undefined): Notify | undefined {
  if (notify === undefined || notify === "never") return notify;
  // RFC 3461 §5.2.7.3
  const rest = notify.filter((keyword) => keyword !== "success");
  return rest.length === 0 ? "never" : rest;
}

function wants(notify: Notify | undefined, keyword: "success" | "failure" | "delay", absent: boolean): boolean {
  if (notify === undefined) return absent;
  return notify !== "never" && notify.includes(keyword);
}
