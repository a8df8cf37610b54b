import { readAddress, type SeenAddress } from "./address.ts";
import { unquote } from "./lex.ts";
import { envelopeIn } from "./quoting.ts";
import type { LocalHint } from "./types.ts";

/** What one comment of a from clause shows about the client. */
export interface Seen {
  name?: string;
  address?: SeenAddress;
  ident?: string;
  identText?: string;
  helo?: string;
  heloCommand?: "HELO" | "EHLO" | "LHLO";
  envelopeFrom?: string;
  local?: LocalHint;
  /** The writer doubts the name. */
  forged?: boolean;
  /** Given as `port=…`. */
  port?: number;
  /** HELO is given as `helo=…`, as Exim does behind the address. */
  heloSetting?: boolean;
}

/** Reads `name [ip]`, `ip`, `user@ip`, `[ip]:port helo=name`, `HELO name` and their mixtures. */
export function readSeen(comment: string): Seen {
  const text = comment.slice(0, LONGEST).trim();
  const seen: Seen = {};
  const hello = HELLO.exec(text);
  if (hello !== null) {
    takeHello(seen, hello);
    return seen;
  }
  if (LOCAL_SOCKET.test(text)) seen.local = "socket";
  if (UID.test(text) || LOCAL_USER.test(text)) seen.local = "user";
  if (FORGED.test(text)) seen.forged = true;
  const envelope = envelopeIn(text);
  if (envelope !== undefined) {
    seen.envelopeFrom = envelope;
    if (ENVELOPE_ONLY.test(text)) return seen;
  }
  const later = LATER_HELLO.exec(text);
  if (later !== null) takeHello(seen, later);
  const plain = later === null ? text : text.slice(0, later.index);
  readPieces(seen, plain);
  return seen;
}

/**
 * The part of a comment that is the writer's own: what HELO said and what ident answered is the client's, whatever it
 * looks like.
 */
export function ownWords(comment: string): string {
  const text = comment.slice(0, LONGEST);
  const cut = CLIENT_WORDS.exec(text);
  return cut === null ? text : text.slice(0, cut.index);
}

function takeHello(seen: Seen, parts: RegExpExecArray): void {
  seen.heloCommand = parts[1]?.toUpperCase() as NonNullable<Seen["heloCommand"]>;
  const said = unquote((parts[2] ?? "").trim());
  if (said !== "") seen.helo = said;
}

function readPieces(seen: Seen, text: string): void {
  const pieces = text.split(BREAKS).filter((piece) => piece !== "");
  const nested = text.indexOf("(");
  const plainCount = nested < 0 ? pieces.length : text.slice(0, nested).split(BREAKS).filter(Boolean).length;
  for (const [at, piece] of pieces.entries()) {
    if (at >= MOST_PIECES) return;
    const setting = SETTING.exec(piece);
    if (setting !== null) takeSetting(seen, setting[1] ?? "", setting[2] ?? "");
    // Behind "helo=" stands what the client said, whatever it looks like.
    else if (seen.heloSetting !== true) readPiece(seen, piece, { first: at === 0, early: at < 2 });
  }
  if (
    seen.name !== undefined &&
    (seen.address === undefined || NO_NAME.test(seen.name)) &&
    !keepsName(seen, plainCount)
  )
    delete seen.name;
}

/** A name without an address counts only when it stands alone and has a dot, or beside a local marker. */
function keepsName(seen: Seen, count: number): boolean {
  if (NO_NAME.test(seen.name ?? "")) return false;
  if (seen.ident !== undefined || seen.local === "socket") return true;
  return count === 1 && (seen.name ?? "").includes(".");
}

interface Place {
  readonly first: boolean;
  readonly early: boolean;
}

function readPiece(seen: Seen, piece: string, place: Place): void {
  const bracket = piece.indexOf("[");
  if (bracket >= 0) {
    const close = piece.indexOf("]", bracket);
    const inside = piece.slice(bracket + 1, close < 0 ? undefined : close);
    const port = PORT.exec(close < 0 ? "" : piece.slice(close + 1))?.[1];
    const address = readAddress(inside);
    if (address !== undefined) seen.address ??= port === undefined ? address : { ...address, port: Number(port) };
    if (bracket > 0) takeName(seen, piece.slice(0, bracket));
    return;
  }
  if (piece.startsWith("(")) return;
  const address = place.early ? readAddress(piece) : undefined;
  if (address !== undefined) seen.address ??= address;
  else if (place.first) takeName(seen, piece);
}

/** `user@name`, `user@ip`, `IDENT:user@name`, `name`. */
function takeName(seen: Seen, text: string): void {
  const bare = text.startsWith("<") && text.endsWith(">") ? text.slice(1, -1) : text;
  const sign = bare.lastIndexOf("@");
  if (sign > 0) {
    const user = bare.slice(0, sign).replace(IDENT_TAG, "");
    if (user !== "") {
      seen.ident = user;
      seen.identText = sign === bare.length - 1 ? user : bare.replace(IDENT_TAG, "");
    }
  }
  const host = bare.slice(sign + 1);
  const address = sign >= 0 ? readAddress(host) : undefined;
  if (address !== undefined) seen.address ??= address;
  else if (NAME.test(host) && readAddress(host) === undefined) seen.name ??= host;
}

function takeSetting(seen: Seen, key: string, value: string): void {
  const lower = key.toLowerCase();
  if (lower === "helo" || lower === "ehlo") seen.heloSetting = true;
  const bare = value.startsWith("[") && value.endsWith("]") && lower === "ident" ? value.slice(1, -1) : value;
  if (bare === "") return;
  if (lower === "ident") {
    seen.ident = bare;
    seen.identText = bare;
  } else if (lower === "envelope-from") seen.envelopeFrom = bare;
  else if (lower === "port") {
    // Exim gives it in front of "helo=".
    if (seen.heloSetting !== true && PORT_NUMBER.test(bare)) seen.port = Number(bare);
  } else {
    seen.heloCommand = lower.toUpperCase() as NonNullable<Seen["heloCommand"]>;
    seen.helo = unquote(bare);
  }
}

const LONGEST = 2000;
const MOST_PIECES = 16;
const BREAKS = /[\s,]+/;
const CLIENT_WORDS = /(?:^\s*|[\s,])(?:(?:HELO|EHLO|LHLO)(?:\s|$)|(?:helo|ehlo|ident)=)/i;
const HELLO = /^(HELO|EHLO|LHLO)(?:\s+([\s\S]*))?$/i;
const LATER_HELLO = /[\s,](HELO|EHLO|LHLO)\s+(\S*)/i;
const LOCAL_SOCKET = /(?:^|\s)\[(?:\[UNIX: [^\]]*\]|UNIX: [^\]]*|unix socket|local)\]$/i;
/** sendmail, when a program on the machine speaks SMTP to it. */
const LOCAL_USER = /^[^\s@()[\]<>]+@localhost$/i;
const UID = /^uid \d+\b|\bfrom userid \d+\b/i;
const FORGED = /may be forged|unverified|rdns failed/i;
const ENVELOPE_ONLY = /^(?:envelope-(?:from|sender)|mailfrom:)/i;
const SETTING = /^(helo|ehlo|ident|envelope-from|port)=(.*)$/i;
const PORT_NUMBER = /^\d{1,5}$/;
const PORT = /^:(\d{1,5})/;
const IDENT_TAG = /^IDENT:/i;
const NAME = /^(?=[^\s]*[A-Za-z\u0080-\uffff])[A-Za-z0-9_.\u0080-\uffff-]{1,255}$/;
const NO_NAME = /^(?:unknown|unverified|softdnserr|localuser|uid|account|from|user|verified)$/i;
