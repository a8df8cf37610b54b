export { ALERTS, type AlertRule } from "./alerts.ts";
/** The threat catalogue as checked data: 174 rows, what is expected of each column, and where we know better. */
export { ATTACKERS, COLUMNS, type Column, GROUPS } from "./columns.ts";
export { CORRECTIONS } from "./corrections.ts";
export type { Given } from "./facts.ts";
export { type CatalogueCell, type CatalogueRow, catalogue } from "./load.ts";
