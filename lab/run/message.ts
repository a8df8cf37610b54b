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

/** `ahead` numbers those that go before it to another mailbox, from 1. */
export function messageOf(names: CellNames, spec: MessageSpec, seed: number, ahead = 0): LabMessage {
  const number = ahead === 0 ? "" : `-${ahead}`;
  const canary = secret(`${seed} ${names.slug}${number}`);
  const bodyCanary = secret(`${seed} ${names.slug}${number} body`);
  const from = `${names.slug}@${SENDER_DOMAIN}`;
  const to = recipientOf(names, spec, ahead);
  const coded = Buffer.from(`coded ${canary} ${bodyCanary}\r\n`).toString("base64");
  const lines = [
    "Date: Tue, 03 Mar 2026 08:00:00 +0000",
    `From: <${from}>`,
    `To: <${to}>`,
    `Message-ID: <${names.slug}${number}@lab.${SENDER_DOMAIN}>`,
    `Subject: ${canary}`,
    `X-Canary: ${canary}`,
    ...(spec.tlsRequiredNo === true ? ["TLS-Required: No"] : []),
    ...(spec.fields ?? []),
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

function recipientOf({ slug, domains, spell }: CellNames, { by, domain = "T" }: MessageSpec, ahead: number): string {
  if (ahead > 0) return `ann@${domains.T}`;
  if (by === undefined) return `bo@${spell(domain)}`;
  return `${by === "alias" ? "" : "x-"}${slug}@${HOUSE_DOMAIN}`;
}

function secret(of: string): string {
  return createHash("sha256").update(of).digest("hex").slice(0, 32);
}

/** A domain of the sender's own, whose aliases lead to victims. */
export const HOUSE_DOMAIN = "house.test";
