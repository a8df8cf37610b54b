export * from "./certificate.ts";
export * from "./names.ts";
export * from "./session.ts";
export * from "./verify.ts";
