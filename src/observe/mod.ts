export * from "./events.ts";
export * from "./snapshot.ts";
