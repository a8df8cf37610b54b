import type { Instant } from "../base/mod.ts";
import { parseMailbox, type ReversePath } from "../mail/mod.ts";
import type { UnitFilter } from "./port.ts";
import { shownState, type UnitState } from "./transition.ts";

/** What a filter looks at. */
export interface FilteredUnit extends Pick<UnitState, "kind" | "due"> {
  readonly message: string;
  readonly destination: string;
  /** As `senderKey` makes it; absent when the envelope cannot be read. */
  readonly sender?: string;
}

/** Makes the test for units that `filter` means at `now`. */
export function unitTest(filter: UnitFilter, now: Instant): (unit: FilteredUnit) => boolean {
  const sender = filter.sender === undefined ? undefined : senderKeyOf(filter.sender);
  return (unit) =>
    (filter.message === undefined || filter.message === unit.message) &&
    (filter.destination === undefined || filter.destination === unit.destination) &&
    (filter.state === undefined || filter.state === shownState(unit, now)) &&
    (sender === undefined || sender === unit.sender);
}

/** The text by which senders are compared: "" for the null reverse-path. */
export function senderKey(path: ReversePath): string {
  return path.kind === "null" ? "" : `${path.mailbox.localPart}@${path.mailbox.domain}`;
}

/** The key of an address as an operator writes it; one that is no mailbox has a key that no sender has. */
export function senderKeyOf(text: string): string {
  if (text === "" || text === "<>") return "";
  const mailbox = parseMailbox(text, { utf8: true });
  return mailbox.ok ? senderKey({ kind: "mailbox", mailbox: mailbox.value }) : NOBODY;
}

const NOBODY = "\n";
