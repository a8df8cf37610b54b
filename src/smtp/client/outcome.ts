import { type Cause, type EnhancedCode, type Status, statusOf } from "../../status/mod.ts";
import { enhancedCodeOf, type Reply } from "../grammar/mod.ts";

export type PeerName = NonNullable<Status["peer"]>;

/** What the server said, as our record of it. */
export function remoteStatus(reply: Reply, peer: PeerName): Status {
  const enhanced = enhancedCodeOf(reply);
  return {
    cause: "remote-reply",
    code: reply.code,
    ...(enhanced === undefined ? {} : { enhanced }),
    text: replyText(reply),
    peer,
    reply: remoteReply(reply),
  };
}

/** A refusal of RCPT. */
export function rcptStatus(reply: Reply, peer: PeerName): Status {
  const status = remoteStatus(reply, peer);
  if (reply.code !== 552 || (status.enhanced !== undefined && status.enhanced !== "5.5.3")) return status;
  // RFC 5321 §4.5.3.1.10: 552 means "too many recipients" here, and is temporary.
  return { ...statusOf("too-many-recipients", status.text), peer, reply: remoteReply(reply) };
}

/**
 * A refusal of our login. It says nothing of the message and is always temporary, so that no mail is returned for a password
 * that somebody changed; the reply is kept as it came (RFC 4954 §6).
 */
export function loginStatus(reply: Reply, peer: PeerName): Status {
  const ours = findingStatus(
    "login-failed",
    `the host refused our login: ${reply.code} ${replyText(reply)}`,
    peer,
    reply,
  );
  const detail = enhancedCodeOf(reply)?.slice(1) ?? LOGIN_DETAIL.get(reply.code);
  return detail === undefined ? ours : { ...ours, enhanced: `4${detail}` as EnhancedCode };
}

/** Our own finding about this server; `reply` is what it said, where it said something. */
export function findingStatus(cause: Cause, text: string, peer: PeerName, reply?: Reply): Status {
  return { ...statusOf(cause, text), peer, ...(reply === undefined ? {} : { reply: remoteReply(reply) }) };
}

/** The text of a reply as one line for people, without the enhanced code and controls. */
export function replyText(reply: Reply): string {
  const enhanced = enhancedCodeOf(reply);
  const words = reply.lines.map((line) => {
    const bare = enhanced !== undefined && line.startsWith(enhanced) ? line.slice(enhanced.length) : line;
    return bare.trim();
  });
  const text = words
    .filter((line) => line !== "")
    .join(" ")
    .replace(CONTROLS, "?");
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

function remoteReply(reply: Reply): NonNullable<Status["reply"]> {
  const enhanced = enhancedCodeOf(reply);
  return { code: reply.code, ...(enhanced === undefined ? {} : { enhanced }), lines: bounded(reply.lines) };
}

/** A reply is kept for every recipient until the message is gone, so a talkative host must not fill our store. */
function bounded(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let room = LONGEST_KEPT;
  for (const line of lines) {
    if (room <= 0) break;
    kept.push(line.slice(0, room));
    room -= line.length + 1;
  }
  return kept;
}

/** RFC 4954 §6, for hosts without enhanced codes. */
const LOGIN_DETAIL: ReadonlyMap<number, string> = new Map([
  [534, ".7.9"],
  [535, ".7.8"],
  [538, ".7.11"],
]);
const CONTROLS = /[\x00-\x1f\x7f-\x9f]/g;
const LONGEST_TEXT = 1000;
const LONGEST_KEPT = 2000;
