import { ALERT_MUTANTS } from "./list_alerts.ts";
import { CLIENT_MUTANTS } from "./list_clients.ts";
import { DNS_MUTANTS } from "./list_dns.ts";
import { MESSAGE_MUTANTS } from "./list_message.ts";
import { STS_MUTANTS } from "./list_sts.ts";
import { TLS_MUTANTS } from "./list_tls.ts";
import type { Mutant } from "./types.ts";

/** All of them, in the order of the kill list. */
export const MUTANTS: readonly Mutant[] = [
  ...TLS_MUTANTS,
  ...DNS_MUTANTS,
  ...STS_MUTANTS,
  ...MESSAGE_MUTANTS,
  ...CLIENT_MUTANTS,
  ...ALERT_MUTANTS,
];
