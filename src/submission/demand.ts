import { type Because, NO_DEMAND, type TlsDemand } from "../mail/mod.ts";
import type { LocalMessage, LocalTls } from "./message.ts";

/** What a local sender asks of the way, as it is kept with the message. */
export function localDemand({ demand, tls = {} }: Pick<LocalMessage, "demand" | "tls">): TlsDemand {
  if (tls.requireTls === true) {
    return {
      ...graded(tls),
      level: "secure",
      // RFC 8689 §4.2.1
      mxAuthentic: tls.mxAuthentic ?? "dnssec-or-sts",
      propagate: true,
      because: [{ source: "requiretls", says: "the local sender asked for REQUIRETLS", rule: "RFC 8689 §4.3" }],
    };
  }
  if (demand === "may") return NO_DEMAND;
  const because: Because = { source: "submitter", says: `the sender asked for at least "${demand}"` };
  return { ...graded(tls), level: demand, propagate: false, because: [because] };
}

/** What contradicts itself in such a request; undefined when nothing does. */
export function demandFault({ demand, tls = {} }: Pick<LocalMessage, "demand" | "tls">): string | undefined {
  const named = tls.by !== undefined || tls.mxAuthentic !== undefined;
  if (tls.optional === true && (demand !== "may" || tls.requireTls === true || named))
    return "Delivery before protection cannot be asked for together with protection";
  if (tls.requireTls === true && demand !== "secure") return 'REQUIRETLS asks for the level "secure"';
  return named && demand !== "secure" ? 'A mechanism can be chosen for the level "secure" only' : undefined;
}

function graded({ by, mxAuthentic }: LocalTls): Pick<TlsDemand, "by" | "mxAuthentic"> {
  return { ...(by === undefined ? {} : { by }), ...(mxAuthentic === undefined ? {} : { mxAuthentic }) };
}
