import { createHash } from "node:crypto";
import type { MessageSpec } from "../types.ts";
import type { CellNames } from "../world/names.ts";
import { SENDER_DOMAIN } from "../world/world.ts";

/** The message of a cell. The canary stands in its subject, in a field, in the body and in the name of an attachment. */
export interface LabMessage {
  readonly from: string;
  readonly to: string;
  readonly content: string;
  /** 128 bits in hexadecimal. */
  readonly canary: string;
  /** Stands in the body alone. */
  readonly bodyCanary: string;
}

export function messageOf(names: CellNames, spec: MessageSpec, seed: number): LabMessage {
  const canary = secret(`${seed} ${names.slug}`);
  const bodyCanary = secret(`${seed} ${names.slug} body`);
  const from = `${names.slug}@${SENDER_DOMAIN}`;
  const to = `bo@${names.domains.T}`;
  const coded = Buffer.from(`coded ${canary} ${bodyCanary}\r\n`).toString("base64");
  const lines = [
    "Date: Tue, 03 Mar 2026 08:00:00 +0000",
    `From: <${from}>`,
    `To: <${to}>`,
    `Message-ID: <${names.slug}@lab.${SENDER_DOMAIN}>`,
    `Subject: ${canary}`,
    `X-Canary: ${canary}`,
    ...(spec.tlsRequiredNo === true ? ["TLS-Required: No"] : []),
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="b"',
    "",
    "--b",
    "Content-Type: text/plain",
    "",
    `${canary} ${bodyCanary}`,
    "--b",
    `Content-Type: application/octet-stream; name="${canary}.txt"`,
    `Content-Disposition: attachment; filename="${canary}.txt"`,
    "Content-Transfer-Encoding: base64",
    "",
    coded,
    "--b--",
    "",
  ];
  return { from, to, content: lines.join("\r\n"), canary, bodyCanary };
}

function secret(of: string): string {
  return createHash("sha256").update(of).digest("hex").slice(0, 32);
}
