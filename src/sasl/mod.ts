/**
 * Authentication mechanisms, without a protocol around them: an exchange is a value that turns the server's
 * challenge into the client's response. Nothing here has a socket, a clock or a log.
 */
export * from "./base64.ts";
export * from "./choose.ts";
export * from "./exchange.ts";
export * from "./redact.ts";
