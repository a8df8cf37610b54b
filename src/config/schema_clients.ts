import { z } from "zod";
import { parseDomain, unmapped } from "../mail/mod.ts";
import { parseNetwork } from "./network.ts";
import type { ClientsConfig, DnsblConfig } from "./types_clients.ts";
import { parseDuration } from "./units.ts";

const count = z.int().min(1).max(1_000_000);
const prefix = (longest: number): z.ZodInt => z.int().min(8).max(longest);

const networkText = z.string().transform((text, context) => {
  const result = parseNetwork(text);
  if (result.ok) return result.value;
  context.addIssue({ code: "custom", message: result.error });
  return z.NEVER;
});

const patience = z.string().transform((text, context) => {
  const result = parseDuration(text);
  if (result.ok && result.value >= 100 && result.value <= LONGEST_PATIENCE) return result.value;
  context.addIssue({ code: "custom", message: result.ok ? "write a time between 100 ms and 30 s" : result.error });
  return z.NEVER;
});

/** RFC 5782 §2.1: listings are told by addresses in 127/8. */
const answer = networkText.refine(
  ({ family, address, prefix }) => family === "ipv4" && unmapped(address).startsWith("127.") && prefix >= 8,
  { error: "a list answers with addresses in 127.0.0.0/8" },
);

const zone = z.string().transform((text, context) => {
  const result = parseDomain(text);
  if (result.ok) return String(result.value);
  context.addIssue({ code: "custom", message: result.error.detail });
  return z.NEVER;
});

/** `[clients]`. */
export const clientsSchema: z.ZodType<ClientsConfig, unknown> = z
  .strictObject({
    connections: count.default(2000),
    reserved: z.int().min(0).max(1_000_000).default(20),
    connections_per_client: count.default(50),
    connections_per_minute: count.default(600),
    messages_per_minute: count.optional(),
    recipients_per_minute: count.optional(),
    ipv4_prefix: prefix(32).default(32),
    ipv6_prefix: prefix(128).default(64),
    allow: z.array(networkText).default([]),
    deny: z.array(networkText).default([]),
    allow_files: z.array(z.string().min(1)).default([]),
    deny_files: z.array(z.string().min(1)).default([]),
    dnsbl_at: z.enum(["recipient", "greeting"]).default("recipient"),
    dnsbl_score: count.default(1),
    dnsbl_time: patience.default(3000),
  })
  .prefault({});

/** `[[dnsbl]]`. */
export const dnsblSchema: z.ZodType<readonly DnsblConfig[], unknown> = z
  .array(
    z.strictObject({
      zone,
      answers: z
        .array(answer)
        .min(1)
        .default([{ address: "127.0.0.0", family: "ipv4", prefix: 8 }]),
      action: z.enum(["refuse", "log", "allow"]).default("refuse"),
      score: count.default(1),
    }),
  )
  .max(20, { error: "no more than 20 lists are asked" })
  .default([]);

const LONGEST_PATIENCE = 30_000;
