import { type Bytes, fromStrictUtf8 } from "../base/mod.ts";
import { headerSection, isEightBitClean, isSevenBit, onlyFields, quotedPrintable } from "./header.ts";
import { isProtected } from "./protect.ts";
import type { NoticeKind, Original } from "./types.ts";

/** A part of a notice, with its labels. */
export interface Part {
  readonly type: string;
  readonly encoding: "7bit" | "8bit" | "quoted-printable";
  readonly body: Bytes;
}

/**
 * The third part: the original, its header, or what identifies it; undefined when nothing of it could be read. `global` says
 * that the notice goes by SMTPUTF8, so that UTF-8 needs no encoding (RFC 6533 §4.5).
 *
 * | original | returned |
 * |---|---|
 * | asked for protection | Message-ID and Date |
 * | failed, RET=FULL, at most `MOST_RETURNED` octets, lines that mail can carry | the whole |
 * | else | the header |
 */
export function returnedPart(original: Original, kind: NoticeKind, global: boolean): Part | undefined {
  const header = headerSection(original.start);
  // RFC 8689 §5: this goes before RET=FULL.
  if (isProtected(original.demand)) return headersPart(onlyFields(header, IDENTIFYING), global);
  // RFC 3461 §6.2: without a failure, and without RET=FULL, the header is enough.
  const whole = kind === "failure" && original.dsn.ret === "full" ? wholePart(original, header, global) : undefined;
  return whole ?? headersPart(header, global);
}

function wholePart({ start, complete }: Original, header: Bytes, global: boolean): Part | undefined {
  if (!complete || start.length > MOST_RETURNED || !isEightBitClean(start)) return undefined;
  if (isSevenBit(start)) return { type: "message/rfc822", encoding: "7bit", body: start };
  // RFC 2046 §5.2.1: message/rfc822 takes no encoding, and its header is ASCII.
  if (isSevenBit(header)) return { type: "message/rfc822", encoding: "8bit", body: start };
  // RFC 6532 §3.7
  if (fromStrictUtf8(header) === undefined) return undefined;
  if (global) return { type: "message/global", encoding: "8bit", body: start };
  // RFC 6533 §4.5; programs that overlook the encoding still find the fields.
  return { type: "message/global", encoding: "quoted-printable", body: quotedPrintable(start) };
}

function headersPart(header: Bytes, global: boolean): Part | undefined {
  if (header.length === 0) return undefined;
  if (isSevenBit(header)) return { type: "text/rfc822-headers", encoding: "7bit", body: header };
  // RFC 6533 §4.3
  const isUtf8 = header.some((octet) => octet > 0x7f) && fromStrictUtf8(header) !== undefined;
  const type = isUtf8 ? "message/global-headers" : "text/rfc822-headers";
  if (isUtf8 && global && isEightBitClean(header)) return { type, encoding: "8bit", body: header };
  return { type, encoding: "quoted-printable", body: quotedPrintable(header) };
}

/** Octets of a message that is returned whole. */
export const MOST_RETURNED = 51_200;
const IDENTIFYING: ReadonlySet<string> = new Set(["message-id", "date"]);
