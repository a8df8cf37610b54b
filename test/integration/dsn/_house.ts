import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { utf8 } from "../../../src/base/mod.ts";
import { type DeliveryReport, parseDeliveryReport } from "../../../src/dsn/mod.ts";
import { type Envelope, parseMailbox, type Recipient } from "../../../src/mail/mod.ts";
import { connectPlain, MAY, outgoing } from "../../support/client.ts";
import type { RunningHopseal } from "../../support/hopseal.ts";

/** Mail for rook.example goes into maildirs, mail for pine.example to that port. */
export function house(port: number, retry: string): string {
  return `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "postmaster@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[relay]
networks = ["127.0.0.0/8"]
[[domain]]
name = "rook.example"
recipients = "any"
aliases = { sales = ["x@rook.example", "y@rook.example"], info = "z@rook.example" }
[[route]]
recipients = ["pine.example"]
deliver = { smtp = "127.0.0.1:${port}" }
[[route]]
recipients = ["rook.example"]
deliver = { maildir = "{folder}/mail/{localpart}" }
[retry]
${retry}
`;
}

export interface Asked extends Pick<Recipient, "notify" | "original"> {
  readonly to: string;
}

export const CONTENT = "Subject: canary\r\nMessage-ID: <1@rook.example>\r\n\r\nthe secret body\r\n";

/** Sends a message as ada@rook.example; all recipients must be accepted. */
export async function send(hopseal: RunningHopseal, recipients: readonly Asked[], dsn: Envelope["dsn"]): Promise<void> {
  const session = await connectPlain(hopseal.ports[0] ?? 0);
  assert.ok(!("kind" in session));
  const letter = outgoing({ content: utf8(CONTENT), to: [], from: "ada@rook.example" });
  const result = await session.send(
    {
      ...letter,
      envelope: { ...letter.envelope, dsn },
      recipients: recipients.map(({ to, ...asked }) => {
        const parsed = parseMailbox(to);
        assert.ok(parsed.ok);
        return { mailbox: parsed.value, ...asked };
      }),
    },
    MAY,
  );
  assert.ok(!("kind" in result));
  for (const { code, text } of result.recipients) assert.equal(code, 250, text);
  await session.quit();
}

/** The notices in the mailbox of ada, once there are so many; maildir keeps lines that end in LF. */
export async function notices(hopseal: RunningHopseal, count: number): Promise<readonly DeliveryReport[]> {
  const seen = new Set<unknown>();
  await hopseal.waitFor(
    (line) =>
      line["event"] === "attempt" &&
      line["to"] === "ada@rook.example" &&
      line["outcome"] === "delivered" &&
      seen.add(line["id"]).size === count,
  );
  const folder = `${hopseal.folder}/mail/ada/new`;
  const files = (await readdir(folder)).sort();
  assert.equal(files.length, count);
  return await Promise.all(
    files.map(async (file) => {
      const report = parseDeliveryReport(await readFile(`${folder}/${file}`));
      assert.ok(report.ok, report.ok ? "" : report.error);
      assert.deepEqual(report.value.findings, []);
      return report.value;
    }),
  );
}

/** One line for each recipient, in order. */
export function told(reports: readonly DeliveryReport[]): readonly string[] {
  return reports
    .flatMap(({ recipients }) => recipients)
    .map(({ action, status, final, original }) =>
      [action, status, final.value, ...(original === undefined ? [] : [original.value])].join(" "),
    )
    .sort();
}
