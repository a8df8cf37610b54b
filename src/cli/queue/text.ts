import type { DamagedJson, DestinationJson, MessageJson } from "../../daemon/mod.ts";

/** The heading of the table. */
export function heading(): string {
  return row("ID", { age: "AGE", size: "SIZE", tls: "TLS", from: "FROM" });
}

/** A message in at most 80 columns: a line for itself, and one or two for each destination that is shown. */
export function messageLines(message: MessageJson, now: number, shows: (to: DestinationJson) => boolean): string {
  const first = row(message.id, {
    age: span(now - Date.parse(message.accepted)),
    size: octets(message.size),
    tls: tlsWord(message),
    from: message.from,
  });
  const shown = message.destinations.filter(shows);
  const others = message.destinations.length - shown.length;
  const more = others === 0 ? [] : [`  and ${others} other destination(s)`];
  return [first, ...shown.flatMap((to) => destinationLines(to, now)), ...more].join("\n");
}

export function damagedLines({ id, damaged }: DamagedJson): string {
  return `${id.padEnd(18)} damaged\n${cut(`    ${damaged}`, WIDTH)}`;
}

/** What of protection the message demands: may, encrypt, secure, requiretls, or optional (TLS-Required: No). */
export function tlsWord(message: Pick<MessageJson, "tlsDemand" | "requireTls" | "tlsOptional">): string {
  if (message.requireTls === true) return "requiretls";
  return message.tlsOptional === true ? "optional" : message.tlsDemand;
}

export function destinationLines(to: DestinationJson, now: number): string[] {
  const tries = to.attempts === 0 ? "not tried yet" : `${to.attempts} ${to.attempts === 1 ? "try" : "tries"}`;
  const crashes = to.crashes === 0 ? "" : `, ${to.crashes} crash${to.crashes === 1 ? "" : "es"}`;
  const facts = `  ${stateWord(to, now)}, ${tries}${crashes}`;
  const head = `  ${cut(to.destination, WIDTH - 2 - facts.length)}${facts}`;
  return to.reason === undefined ? [head] : [head, cut(`    ${to.reason}`, WIDTH)];
}

function stateWord({ state, next }: DestinationJson, now: number): string {
  switch (state) {
    case "waiting":
      return `next in ${span(Date.parse(next) - now)}`;
    case "leased":
      return "under way";
    case "due":
    case "held":
      return state;
    default:
      return state satisfies never;
  }
}

/** The two largest units, at most six characters: 59s, 12m, 3h05m, 4d07h. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  const days = Math.floor(hours / 24);
  return days < 100 ? `${days}d${two(hours % 24)}h` : `${days}d`;
}

/** At most five characters: 999, 4.1K, 73K, 12M. */
export function octets(size: number): string {
  let value = size;
  for (const unit of ["", "K", "M", "G"]) {
    if (value < 1000) return value < 10 && unit !== "" ? `${value.toFixed(1)}${unit}` : `${Math.round(value)}${unit}`;
    value /= 1024;
  }
  return `${Math.round(value)}T`;
}

interface Cells {
  readonly age: string;
  readonly size: string;
  readonly tls: string;
  readonly from: string;
}

function row(id: string, { age, size, tls, from }: Cells): string {
  const start = `${id.padEnd(18)} ${age.padStart(6)} ${size.padStart(5)}  ${tls.padEnd(10)} `;
  return `${start}${cut(from, WIDTH - start.length)}`;
}

/** Shortened to `width` columns; control characters and wide ones, which break the table, are shown as dots. */
function cut(text: string, width: number): string {
  const plain = Array.from(text, (char) => (PLAIN.test(char) ? char : "·"));
  if (plain.length <= width) return plain.join("");
  return `${plain.slice(0, Math.max(0, width - 1)).join("")}…`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

const WIDTH = 80;
const PLAIN = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;
