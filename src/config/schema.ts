import { z } from "zod";
import type { Result } from "../base/mod.ts";
import { parseDomain, parseMailbox } from "../mail/mod.ts";
import { parseNetwork } from "./network.ts";
import { asciiPattern } from "./patterns.ts";
import { clientsSchema, dnsblSchema } from "./schema_clients.ts";
import type { Config } from "./types.ts";
import { parseDuration, parseFingerprint, parseHostPort, parseSize } from "./units.ts";

const domainName = parsed((text: string) => flat(parseDomain(text, { utf8: true })));
const address = parsed((text: string) => flat(parseMailbox(text, { utf8: true })));
const duration = parsed(parseDuration);
const size = parsed(parseSize).refine((octets) => octets >= 65_536, {
  // RFC 5321 §4.5.3.1.7
  error: "RFC 5321 §4.5.3.1.7 asks for at least 64 KiB",
});
const network = parsed(parseNetwork);

const listen = z.strictObject({
  role: z.enum(["mx", "submission", "submissions"]).default("mx"),
  address: parsed((text: string) => parseHostPort(text)),
  tls: z.enum(["starttls", "implicit", "none"]).optional(),
  proxy_from: z.array(network).default([]),
});

const certificate = z.strictObject({
  chain: z.string().min(1),
  key: z.string().min(1),
  next_key: z.string().min(1).optional(),
});

const stsHosting = z.strictObject({
  mode: z.enum(["enforce", "testing", "none"]),
  max_age: duration
    .refine((age) => age >= 1000 && age <= LONGEST_MAX_AGE, { error: "max_age lies between 1 s and 31557600 s" })
    .default(14 * 86_400_000),
  mx: z.array(z.string().min(1)).min(1).optional(),
});

const aliasTarget = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const mailDomain = z.strictObject({
  name: domainName,
  recipients: z.union([z.enum(["any", "maildir", "file"]), z.array(z.string().min(1))]).default("maildir"),
  recipients_file: z.string().min(1).optional(),
  aliases: z.record(z.string(), aliasTarget).default({}),
  srs: z.boolean().default(false),
  mta_sts: stsHosting.optional(),
  tls_rpt: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
});

const smtpRoute = z.strictObject({
  smtp: parsed((text: string) => parseHostPort(text, 25)).refine(({ port }) => port > 0, { error: "port 0 is none" }),
  tls: z.enum(["may", "encrypt", "secure"]).optional(),
  implicit: z.boolean().optional(),
  user: z.string().min(1).optional(),
  password_file: z.string().min(1).optional(),
  convert: z.boolean().optional(),
});

const route = z.strictObject({
  recipients: z.array(z.string().min(1).transform(asciiPattern)).min(1),
  deliver: z.union([
    z.literal("discard"),
    z.literal("mx"),
    z.strictObject({ maildir: z.string().min(1) }),
    z.strictObject({ lmtp: z.string().min(1) }),
    smtpRoute,
  ]),
});

const tlsPolicy = z.strictObject({
  destination: z.string().min(1).transform(asciiPattern),
  level: z.enum(["may", "encrypt", "secure"]),
  mx: z.array(z.string().min(1)).optional(),
  by: z
    .array(z.enum(["dane", "webpki"]))
    .min(1)
    .optional(),
  pin: z
    .array(z.string().regex(/^(?:cert|spki):[0-9a-f]{64}$/i, 'write "cert:" or "spki:" and 64 hexadecimal digits'))
    .min(1)
    .optional(),
  override: z.boolean().optional(),
  until: z.union([z.date(), z.string()]).optional(),
});

const policyList = z.strictObject({
  name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, "write small letters, digits and hyphens"),
  url: z.string().min(1).optional(),
  file: z.string().min(1).optional(),
  signature: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
  fingerprint: parsed(parseFingerprint).optional(),
  refresh: duration
    .refine((span) => span >= 60_000, { error: "a list is renewed once a minute at most" })
    .default(12 * 3_600_000),
  mode: z.enum(["enforce", "audit"]).default("enforce"),
  networks: z.array(network).default([]),
  roots: z.string().min(1).default("system"),
});

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_WORKERS;
}

/** Checks the file key by key; unknown keys are mistakes. */
export const configSchema: z.ZodType<Config> = z.strictObject({
  hostname: domainName,
  data_dir: z.string().min(1),
  user: z.string().min(1).optional(),
  drop_dir: z.string().min(1).optional(),
  postmaster: address,
  workers: z
    .custom<Config["workers"]>((value) => value === "auto" || isCount(value), {
      error: 'write "auto" or a number from 1 to 64',
    })
    .default("auto"),
  message_size: size.default(50_000_000),
  listen: z.array(listen).default([]),
  certificate: z.array(certificate).default([]),
  https: z
    .strictObject({
      address: parsed((text: string) => parseHostPort(text)),
      tls: z.enum(["implicit", "none"]).default("implicit"),
    })
    .optional(),
  relay: z.strictObject({ networks: z.array(network).default([]) }).prefault({}),
  clients: clientsSchema,
  dnsbl: dnsblSchema,
  domain: z.array(mailDomain).default([]),
  route: z.array(route).default([]),
  tls_policy: z.array(tlsPolicy).default([]),
  dns: z
    .strictObject({
      servers: z.array(z.string().min(1)).default([]),
      dnssec: z.enum(["validate", "trust-ad", "off"]).default("validate"),
      trust_anchors: z.string().min(1).default("builtin"),
      tls: z.string().min(1).optional(),
      self_test: z
        .strictObject({ secure: z.string().min(1).optional(), bogus: z.string().min(1).optional() })
        .prefault({}),
    })
    .prefault({}),
  outbound: z
    .strictObject({
      port: z.int().min(1).max(65_535).default(25),
      source: z.array(z.string()).default([]),
      networks: z.array(network).default([]),
      concurrency: z.int().min(1).max(10_000).default(100),
      per_destination: z.int().min(1).max(1000).default(10),
      roots: z.string().min(1).default("system"),
    })
    .prefault({}),
  retry: z
    .strictObject({
      first: duration
        .refine((span) => span >= 1000, { error: "a retry comes after 1 s at the earliest" })
        .default(30 * 60_000),
      warn_after: duration.default(4 * 3_600_000),
      expire_after: duration.default(5 * 86_400_000),
    })
    .prefault({}),
  policy: z
    .strictObject({
      dane: z.enum(["on", "audit", "off"]).default("on"),
      dane_insecure_mx: z.boolean().default(false),
      mta_sts: z.enum(["on", "audit", "off"]).default("on"),
      mta_sts_strict: z.boolean().default(false),
      mta_sts_roots: z.string().min(1).default("system"),
      mta_sts_networks: z.array(network).default([]),
      mta_sts_port: z.int().min(1).max(65_535).default(443),
      requiretls: z.enum(["enforce", "encrypt", "opportunistic", "off"]).default("enforce"),
      tls_required_no: z.enum(["all", "authenticated", "ignore"]).default("all"),
      discover: z.boolean().default(false),
    })
    .prefault({}),
  policy_list: z.array(policyList).default([]),
  policy_service: z
    .strictObject({
      address: parsed((text: string) => parseHostPort(text)).optional(),
      path: z.string().min(1).optional(),
      open: z.enum(["may", "notfound"]).default("may"),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      address: parsed((text: string) => parseHostPort(text)).optional(),
      path: z.string().min(1).optional(),
    })
    .prefault({}),
  queue: z
    .strictObject({
      free_space: parsed(parseSize).default(256_000_000),
      free_files: z.int().min(0).default(1000),
      messages: z.int().min(1).default(1_000_000),
      size: size.optional(),
    })
    .prefault({}),
  limits: z
    .strictObject({
      // RFC 5321 §4.5.3.1.8
      recipients: z.int().min(100, { error: "RFC 5321 §4.5.3.1.8 asks for at least 100" }).max(100_000).default(1000),
      transactions: z.int().min(1).max(100_000).default(1000),
      header_fields: z.int().min(100).max(100_000).default(1000),
      hops: z.int().min(10).max(1000).default(100),
      junk_commands: z.int().min(10).max(100_000).default(100),
      command_time: patience(10_000).default(5 * 60_000),
      connection_time: patience(60_000).default(3_600_000),
      handshake_time: patience(5000).default(30_000),
      content_rate: z.int().min(0).max(1_000_000).default(100),
      content_grace: patience(1000).default(30_000),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(["error", "warn", "info", "debug"]).default("info"),
      target: z.string().min(1).default("stderr"),
    })
    .prefault({}),
});

/** A string that one of our parsers turns into its value; the parser's words become the message. */
function parsed<T>(parse: (text: string) => Result<T, string>): z.ZodPipe<z.ZodString, z.ZodTransform<T, string>> {
  return z.string().transform((text, context) => {
    const result = parse(text);
    if (result.ok) return result.value;
    context.addIssue({ code: "custom", message: result.error });
    return z.NEVER;
  });
}

/** A time that somebody is waited for. */
function patience(least: number): typeof duration {
  return duration.refine((span) => span >= least && span <= LONGEST_PATIENCE, {
    error: `write a time between ${least / 1000} s and 1 d`,
  });
}

function flat<T>(result: Result<T, { readonly detail: string }>): Result<T, string> {
  return result.ok ? result : { ok: false, error: result.error.detail };
}

const LONGEST_PATIENCE = 86_400_000;
/** RFC 8461 §3.2: about a year. */
const LONGEST_MAX_AGE = 31_557_600_000;
const MOST_WORKERS = 64;
