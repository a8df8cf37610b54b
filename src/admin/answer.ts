import type { Operator, Readiness } from "../daemon/mod.ts";
import { formatFor, renderMetrics } from "../observe/io/mod.ts";

/** What the endpoint asks the daemon for. */
export type Watched = Pick<Operator, "metrics" | "readiness">;

export interface AdminRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly accept?: string | undefined;
  /** Seconds that timers were late. */
  readonly delay: () => { readonly mean: number; readonly max: number };
}

export interface AdminAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly allow?: string;
}

/** One request; `watched` is undefined before the daemon is open and once it stops. */
export async function answerAdmin(request: AdminRequest, watched: Watched | Phase): Promise<AdminAnswer> {
  // HTTP wants the answer to name what may be used.
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { ...text(405, "Only GET and HEAD are answered"), allow: "GET, HEAD" };
  }
  switch (pathOf(request.target)) {
    case "/metrics":
      return await metrics(watched, request.accept);
    case "/healthz":
      return json(200, { version: 1, alive: true, pid: process.pid, event_loop_delay_seconds: request.delay() });
    case "/readyz": {
      const { ready, reasons } = await readiness(watched);
      return json(ready ? 200 : 503, { version: 1, ready, reasons });
    }
    case "/":
      return text(200, "/metrics\n/healthz\n/readyz");
    default:
      return text(404, "There is no such thing; /metrics, /healthz and /readyz are answered");
  }
}

/** Why nobody can be asked. */
export type Phase = "starting" | "stopping";

function pathOf(target: string): string {
  const end = target.indexOf("?");
  return end === -1 ? target : target.slice(0, end);
}

async function metrics(watched: Watched | Phase, accept: string | undefined): Promise<AdminAnswer> {
  const snapshots = typeof watched === "string" ? [] : await watched.metrics();
  const rendered = renderMetrics(snapshots, formatFor(accept));
  return { status: 200, type: rendered.type, body: rendered.text };
}

async function readiness(watched: Watched | Phase): Promise<Readiness> {
  if (typeof watched !== "string") return await watched.readiness();
  return { ready: false, reasons: [{ kind: watched, text: `The program is ${watched}` }] };
}

function json(status: number, value: unknown): AdminAnswer {
  return { status, type: "application/json", body: `${JSON.stringify(value)}\n` };
}

function text(status: number, body: string): AdminAnswer {
  return { status, type: "text/plain; charset=utf-8", body: `${body}\n` };
}
