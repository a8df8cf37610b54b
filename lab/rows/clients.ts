import type { ClientScenario } from "../clients/types.ts";
import { BOUNDS_CLIENTS } from "./clients_bounds.ts";
import { GRAMMAR_CLIENTS } from "./clients_grammar.ts";
import { TLS_CLIENTS } from "./clients_tls.ts";

/** Every row in which somebody connects to us. */
export const CLIENT_ROWS: readonly ClientScenario[] = [...TLS_CLIENTS, ...GRAMMAR_CLIENTS, ...BOUNDS_CLIENTS];
