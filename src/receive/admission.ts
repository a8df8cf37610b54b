import type { Clock } from "../base/mod.ts";
import { publish } from "../observe/mod.ts";
import type { Admission } from "../smtp/server/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { type AdmissionBound, type AdmissionLimits, admissionTable, type Standing } from "./admission_table.ts";

export interface AdmissionOptions {
  readonly clock: Clock;
  /** Asked at each connection, so that a reload reaches the next one. */
  readonly limits: () => AdmissionLimits;
  readonly standingOf: (address: string) => Standing;
}

/** Admission that also says how much it holds. */
export interface CountingAdmission extends Admission {
  enter(address: string): Status | undefined;
  /** Connections let in and not ended. */
  readonly open: number;
}

/** Lets connections in by count, rate and lists, and tells of each that it refuses. Answers at once; one serves a whole program. */
export function createAdmission({ clock, limits, standingOf }: AdmissionOptions): CountingAdmission {
  const table = admissionTable(limits, standingOf);
  return {
    enter(address) {
      const bound = table.enter(address, clock.monotonic());
      if (bound === undefined) return undefined;
      publish("hopseal:limited", { limit: bound, client: address });
      return REFUSALS[bound];
    },
    leave: (address) => table.leave(address),
    get open() {
      return table.open;
    },
  };
}

const REFUSALS: { readonly [bound in AdmissionBound]: Status } = {
  connections: statusOf("too-many-connections"),
  "client-connections": statusOf("too-many-connections", "Too many connections from your address"),
  "client-rate": statusOf("too-many-connections", "Too many new connections from your address, try again later"),
  // RFC 7504 §3: 521 would say that nobody may send mail here.
  "client-denied": statusOf("client-denied"),
};
