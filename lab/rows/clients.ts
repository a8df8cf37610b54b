import type { ClientScenario } from "../clients/types.ts";
import { BOUNDS_CLIENTS } from "./clients_bounds.ts";
import { GRAMMAR_CLIENTS } from "./clients_grammar.ts";
import { TLS_CLIENTS } from "./clients_tls.ts";

const WAITING = ["L02", "L03", "K03", "K04", "J04"];
/** Every row in which somebody connects to us. */
export const CLIENT_ROWS: readonly ClientScenario[] = [...TLS_CLIENTS, ...GRAMMAR_CLIENTS, ...BOUNDS_CLIENTS].filter(
  ({ row }) => !WAITING.includes(row),
);
