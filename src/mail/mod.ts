export * from "./address_list.ts";
export * from "./demand.ts";
export * from "./domain.ts";
export * from "./envelope.ts";
export * from "./header.ts";
export * from "./ip.ts";
export * from "./literal.ts";
export * from "./mailbox.ts";
