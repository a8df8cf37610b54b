import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type DeliveryReport, parseDeliveryReport } from "../../../src/dsn/mod.ts";
import { type RunningHopseal, startHopseal } from "../../support/hopseal.ts";

/** Mail for rook.example goes into maildirs, everything else to that port; failed attempts are repeated soon. */
export async function startHouse(port: number, hop = ""): Promise<RunningHopseal> {
  return await startHopseal({
    config: `
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
[[route]]
recipients = ["rook.example"]
deliver = { maildir = "{folder}/mail/{localpart}" }
[[route]]
recipients = ["*"]
deliver = { smtp = "127.0.0.1:${port}"${hop} }
[retry]
first = "1 s"
[dns]
dnssec = "off"
[policy]
dane = "off"
mta_sts = "off"
`,
  });
}

/** Resolves when there is an attempt of that outcome for every recipient; the attempts in order, as "recipient outcome code". */
export async function attempts(
  hopseal: RunningHopseal,
  outcome: "delivered" | "deferred" | "failed",
  recipients: readonly string[],
): Promise<readonly string[]> {
  for (const to of recipients) {
    await hopseal.waitFor((line) => line["event"] === "attempt" && line["to"] === to && line["outcome"] === outcome);
  }
  return told(hopseal);
}

/** Resolves when that many attempts were told as delivered: the next hop may have the message before we say so. */
export async function settled(hopseal: RunningHopseal, count: number): Promise<void> {
  let left = count;
  await hopseal.waitFor((line) => line["event"] === "attempt" && line["outcome"] === "delivered" && --left === 0);
}

export function told(hopseal: RunningHopseal): readonly string[] {
  return hopseal.log
    .filter((line) => line["event"] === "attempt")
    .map((line) => `${String(line["to"])} ${String(line["outcome"])} ${String(line["code"])}`);
}

/** What lies in a maildir of ours once `count` messages were delivered there. */
export async function inbox(hopseal: RunningHopseal, user: string, count: number): Promise<readonly Buffer[]> {
  const seen = new Set<unknown>();
  await hopseal.waitFor(
    (line) =>
      line["event"] === "attempt" &&
      line["to"] === `${user}@rook.example` &&
      line["outcome"] === "delivered" &&
      seen.add(line["id"]).size === count,
  );
  const folder = join(hopseal.folder, "mail", user, "new");
  const names = (await readdir(folder)).sort();
  return await Promise.all(names.map((name) => readFile(join(folder, name))));
}

export function reportOf(message: Buffer | undefined): DeliveryReport {
  const report = parseDeliveryReport(message ?? Buffer.alloc(0));
  if (!report.ok) throw new Error(`${report.error}:\n${message?.toString("latin1") ?? ""}`);
  return report.value;
}
