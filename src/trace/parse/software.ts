import type { Received, Software } from "./types.ts";

export type SoftwareHints = Pick<Received, "from" | "by" | "via" | "protocol" | "id" | "comments" | "for">;

/** The program that wrote the field, by its marks; null when nothing gives it away. */
export function detectSoftware(hints: SoftwareHints): Software | null {
  // Only what stands behind "by" is certainly the writer's own text.
  const own = hints.comments.filter((one) => one.after !== "from").map((one) => one.text.trim().slice(0, LONGEST));
  for (const text of own) {
    const found = COMMENTS.find(([pattern]) => pattern.test(text));
    if (found !== undefined) return found[1];
  }
  return byProtocol(hints) ?? byName(hints) ?? byShape(hints);
}

function byProtocol({ protocol, via, by }: SoftwareHints): Software | null {
  const raw = protocol?.raw ?? "";
  const found = PROTOCOLS.find(([pattern]) => pattern.test(raw));
  if (found !== undefined) return found[1];
  if (via === undefined) return null;
  if (via.toLowerCase() === "tcp" && by?.ip !== undefined) return "mox";
  return FRONTEND.test(via) ? "exchange" : null;
}

function byName({ by, protocol }: SoftwareHints): Software | null {
  const name = by?.name?.toLowerCase() ?? "";
  if (GOOGLE_INTERNAL.test(name) && protocol?.family === "smtp") return "gmail";
  return NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

function byShape({ from, protocol, id, comments }: SoftwareHints): Software | null {
  if (id !== undefined && EXIM_ID.test(id) && protocol !== undefined && LOWER.test(protocol.raw)) return "exim";
  const first = comments.find((one) => one.after === "from" || one.after === "start")?.text ?? "";
  if (COURIER.test(first) || comments.some((one) => COURIER_TLS.test(one.text.slice(0, LONGEST)))) return "courier";
  if (QMAIL_LOCAL.test(first)) return "qmail";
  // qmail: HELO in a comment of its own, the address in another without brackets, no id.
  return from?.helo_cmd !== undefined && id === undefined && protocol?.raw === "SMTP" && first.startsWith("HELO")
    ? "qmail"
    : null;
}

const LONGEST = 300;
const COMMENTS: readonly (readonly [RegExp, Software])[] = [
  [/^Hopseal\b/, "hopseal"],
  [/^Postfix\b/, "postfix"],
  [/^(?:Exim\b|connectmail\/exim)/i, "exim"],
  [/^Stalwart\b/i, "stalwart"],
  [/^Haraka\b/i, "haraka"],
  [/^maddy\b/i, "maddy"],
  [/^KumoMTA\b/i, "kumomta"],
  [/^OpenSMTPD\b/i, "opensmtpd"],
  [/^amavisd?\b/i, "amavis"],
  [/^Cyrus\b/i, "cyrus"],
  [/^Dovecot\b/i, "dovecot"],
  [/^fetchmail\b/i, "fetchmail"],
  [/^getmail\b/i, "getmail"],
  [/^courier\b/i, "courier"],
  [/^CommuniGate\b/i, "communigate"],
  [/^Nemesis\b/i, "nemesis"],
  [/^MDaemon\b/i, "mdaemon"],
  [/^ecelerity\b/i, "momentum"],
  [/^PowerMTA\b/i, "powermta"],
  [/^Scalix\b/i, "scalix"],
  [/^Lotus Domino\b/i, "domino"],
  [/^qpsmtpd\b/i, "qpsmtpd"],
  [/^qmail\b/i, "qmail"],
  [/^MEProxy\b/i, "meproxy"],
  [/^Zimbra\b/i, "zimbra"],
  [/^SquirrelMail\b/i, "squirrelmail"],
  [/^SG$/, "sendgrid"],
  [/^Microsoft (?:Exchange|SMTP)\b/i, "exchange"],
  [/^(?:[A-Z]{2,8}-)?8\.\d{1,2}\.\d{1,2}[^\s/]{0,12}\//, "sendmail"],
];
const PROTOCOLS: readonly (readonly [RegExp, Software])[] = [
  [/^Microsoft SMTP|^mapi$|^Internet Mail Service/i, "exchange"],
  [/^XMail\b/i, "xmail"],
  [/^ECSTREAM$/, "momentum"],
  [/^NNFMP$/, "yahoo"],
];
const NAMES: readonly (readonly [RegExp, Software])[] = [
  [/^(?:[a-z0-9-]+\.)?(?:google|gmail|gmailapi\.google)\.com$/, "gmail"],
  [/\.(?:outlook|office365)\.com$/, "exchange"],
  [/(?:^|\.)(?:amazonses|amazonaws)\.com$/, "ses"],
  [/\.yahoo\.(?:com|net)$/, "yahoo"],
  [/\.(?:gmx\.net|gmx\.de|web\.de|kundenserver\.de)$/, "nemesis"],
];
const FRONTEND = /^Frontend Transport$/i;
const GOOGLE_INTERNAL = /^2002:a[0-9a-f]{2}:/;
const EXIM_ID = /^[A-Za-z0-9]{6}-[A-Za-z0-9]{6}(?:[A-Za-z0-9]{5})?-[A-Za-z0-9]{2,4}$/;
const LOWER = /^(?:local-)?(?:utf8)?(?:e?smtp|lmtp)[sS]?a?$/;
const COURIER = /\[::ffff:[\d.]+\]/;
const COURIER_TLS = /\bTLS: (?:TLS|SSL)[^,]{1,20}, ?\d+bits/;
const QMAIL_LOCAL = /^qmail \d+ invoked /;
