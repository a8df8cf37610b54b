import type { DaemonStatus, Pauses } from "../daemon/mod.ts";

/** The status for people. What is paused stands first, for it is what they forget. */
export function statusLines(status: DaemonStatus, now: number): readonly string[] {
  const { queue, listeners, workers, policyService, certificatesEnd } = status;
  const { due, waiting, leased, held } = queue.states;
  const oldest = queue.oldestDue === undefined ? "" : `, the oldest for ${span(now - Date.parse(queue.oldestDue))}`;
  const paused = pauseLines(status.paused);
  return [
    ...(status.state === "draining" ? ["DRAINING: takes no mail, and ends when nothing is due"] : []),
    ...(paused[0] === NOTHING ? [] : paused),
    `${status.hostname}, process ${status.pid}, running for ${span(now - Date.parse(status.started))}`,
    ...listeners.map(({ role, address, tls }) => `listens    ${role} on ${address}, TLS ${tls}`),
    ...(policyService === undefined ? [] : [`answers    TLS policy look-ups on ${policyService.addresses.join(", ")}`]),
    `queue      ${queue.messages} messages for ${queue.units} destinations: ${due} due${oldest}, ${leased} being delivered, ${waiting} waiting, ${held} held`,
    ...(workers ?? []).map(workerLine),
    ...(certificatesEnd === undefined ? [] : [certificateLine(certificatesEnd, now)]),
    ...limitLines(status.limited),
    ...faultLines(status.faults),
  ];
}

/** What is stopped, loudly; one line that says so when nothing is. */
export function pauseLines({ receiving, sending, destinations }: Pauses): readonly string[] {
  const lines = [
    ...(receiving ? ["PAUSED: receiving; clients get 421 4.3.2"] : []),
    ...(sending ? ["PAUSED: sending; nothing is delivered"] : []),
    ...(destinations.length === 0 ? [] : [`PAUSED: sending to ${destinations.join(", ")}`]),
  ];
  return lines.length === 0 ? [NOTHING] : lines;
}

type Worker = NonNullable<DaemonStatus["workers"]>[number];

function workerLine({ number, pid, state, shards, connections }: Worker): string {
  const process = pid === undefined ? "" : `, process ${pid}`;
  const from = shards.length === 0 ? "nothing" : shards.map((shard) => `shard-${shard}`).join(", ");
  return `worker ${number}   ${state}${process}, ${connections} connections, delivers from ${from}`;
}

function certificateLine(end: string, now: number): string {
  const left = Date.parse(end) - now;
  const when = left <= 0 ? "HAVE ENDED: the first" : `the first ends in ${span(left)}`;
  return `certificates ${when} (${end})`;
}

function limitLines(limited: DaemonStatus["limited"]): readonly string[] {
  const met = Object.entries(limited).sort(([, a], [, b]) => b - a);
  if (met.length === 0) return [];
  return [`bounds met ${met.map(([limit, count]) => `${limit} ${count}×`).join(", ")}`];
}

function faultLines(faults: DaemonStatus["faults"]): readonly string[] {
  if (faults.length === 0) return [];
  return ["last faults", ...faults.map(({ at, where, text }) => `  ${at} ${where}: ${harmless(text)}`)];
}

/** Text that may come from elsewhere steers no terminal. */
function harmless(text: string): string {
  return text.replace(CONTROLS, "\ufffd");
}

function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

const NOTHING = "Nothing is paused";
/** Controls, separators of lines, and what changes the direction of writing. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
