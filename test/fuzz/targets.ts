import type { Target } from "./fuzz.ts";
import { DNS_TARGETS } from "./targets_dns.ts";
import { HEADER_TARGETS } from "./targets_header.ts";
import { SESSION_TARGETS } from "./targets_session.ts";
import { SMTP_TARGETS } from "./targets_smtp.ts";
import { TEXT_TARGETS } from "./targets_text.ts";
import { TLS_TARGETS } from "./targets_tls.ts";

/** Every decoder that reads what others wrote. */
export const TARGETS: readonly Target[] = [
  ...SMTP_TARGETS,
  ...SESSION_TARGETS,
  ...HEADER_TARGETS,
  ...DNS_TARGETS,
  ...TLS_TARGETS,
  ...TEXT_TARGETS,
];
