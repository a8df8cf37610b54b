import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { needs } from "../../test/support/programs.ts";
import { utf8 } from "../base/mod.ts";
import { domain, type Mailbox, NO_DEMAND } from "../mail/mod.ts";
import { statusOf } from "../status/mod.ts";
import { writeNotice } from "./notice.ts";
import { parseDeliveryReport } from "./parse.ts";
import type { NoticeKind, ReportedRecipient } from "./types.ts";

/** Reads messages from standard input, one a line in base64, and says what Python's email package finds in each. */
const READER = `
import sys, json, base64, email, email.policy
out = []
for line in sys.stdin:
    message = email.message_from_bytes(base64.b64decode(line), policy=email.policy.SMTPUTF8)
    parts = message.get_payload()
    groups = parts[1].get_payload()
    if isinstance(groups, str) or parts[1].get_content_type() != "message/delivery-status":
        groups = None
    out.append({
        "type": message.get_content_type(),
        "report": message.get_param("report-type"),
        "auto": str(message["Auto-Submitted"]),
        "about": str(message["In-Reply-To"]),
        "to": message["To"].addresses[0].addr_spec.encode("utf-8", "surrogateescape").decode("utf-8"),
        "text": parts[0].get_content(),
        "parts": [part.get_content_type() for part in parts],
        "groups": None if groups is None else [[[name, str(value)] for name, value in group.items()] for group in groups],
        "defects": [type(defect).__name__ for defect in list(message.defects) + [d for p in message.walk() for d in p.defects]],
    })
json.dump(out, sys.stdout)
`;

interface Found {
  readonly type: string;
  readonly report: string;
  readonly auto: string;
  readonly about: string;
  readonly to: string;
  readonly text: string;
  readonly parts: readonly string[];
  readonly groups: readonly (readonly (readonly [string, string])[])[] | null;
  readonly defects: readonly string[];
}

const AT = Date.UTC(2026, 2, 3, 9, 14, 7);
const mailbox = (localPart: string, host: string): Mailbox => ({ localPart, domain: domain(host) });

interface Sample {
  readonly kind: NoticeKind;
  readonly actions: readonly ReportedRecipient["action"][];
  readonly to: string;
  readonly local: string;
  readonly ret: "full" | "hdrs";
  readonly start: string;
}

function write(one: Sample): Uint8Array {
  return writeNotice({
    id: "000n1",
    reportingMta: domain("mx.rook.example"),
    from: mailbox("postmaster", "rook.example"),
    to: mailbox(one.to, "pine.example"),
    at: AT,
    kind: one.kind,
    recipients: one.actions.map((action, at) => ({
      recipient: {
        mailbox: mailbox(`${one.local}${at}`, "oak.example"),
        original: { type: "rfc822", address: `o${at}@old.example` },
      },
      action,
      status: at === 0 ? statusOf("timeout", `long words ${"of some host ".repeat(20)}`) : statusOf("expired"),
      lastAttempt: AT,
      retryUntil: AT + 1000,
    })),
    original: {
      id: "000a1",
      arrivedAt: AT - 1000,
      dsn: { ret: one.ret, envid: "QQ314159" },
      demand: NO_DEMAND,
      origin: { kind: "mx", client: "192.0.2.7", helo: "mail.pine.example" },
      start: utf8(one.start),
      complete: true,
    },
    trace: "Received: by mx.rook.example id 000n1; Tue, 3 Mar 2026 09:14:07 +0000\r\n",
  }).body;
}

const SAMPLES: readonly Sample[] = (["ada", "\u00e4da"] as const).flatMap((to) =>
  (["bo", "b\u00fc"] as const).flatMap((local) =>
    (["full", "hdrs"] as const).flatMap((ret) =>
      (["s", "\u00fc"] as const).flatMap((subject) =>
        ([["failed"], ["delayed", "delayed"], ["delivered", "relayed", "expanded"]] as const).map((actions): Sample => {
          const kind = actions[0] === "failed" ? "failure" : actions[0] === "delayed" ? "delay" : "success";
          return { to, local, ret, start: `Message-ID: <1@x>\r\nSubject: ${subject}\r\n\r\nbody\r\n`, kind, actions };
        }),
      ),
    ),
  ),
);

test("writeNotice: Python's email package reads every form as ours does (RFC 3464 §2, RFC 6522 §3)", {
  skip: needs("python3"),
}, () => {
  const messages = SAMPLES.map(write);
  const input = messages.map((message) => message.toBase64()).join("\n");
  const child = spawnSync("python3", ["-c", READER], { input, encoding: "utf8", maxBuffer: 1 << 24 });
  assert.equal(child.stderr, "");
  const found = JSON.parse(child.stdout) as readonly Found[];
  assert.equal(found.length, 48);
  for (const [at, theirs] of found.entries()) {
    const sample = SAMPLES[at];
    const ours = parseDeliveryReport(messages[at] ?? new Uint8Array(0));
    assert.ok(ours.ok && sample !== undefined);
    assert.deepEqual(
      [theirs.type, theirs.report, theirs.auto, theirs.about, theirs.to, theirs.defects],
      ["multipart/report", "delivery-status", "auto-replied", "<1@x>", `${sample.to}@pine.example`, []],
    );
    assert.equal(theirs.parts[2], ours.value.returned?.type);
    assert.equal(theirs.text.replaceAll("\r\n", "\n"), ours.value.text.replaceAll("\r\n", "\n"));
    if (theirs.groups === null) {
      assert.equal(ours.value.global, true);
      continue;
    }
    const values = (name: string): readonly string[] =>
      (theirs.groups ?? []).flatMap((group) =>
        group.filter(([key]) => key === name).map(([, value]) => value.replace(/^[\w-]+; ?/, "")),
      );
    assert.deepEqual(
      values("Action"),
      ours.value.recipients.map(({ action }) => action),
    );
    assert.deepEqual(
      values("Status"),
      ours.value.recipients.map(({ status }) => status),
    );
    assert.deepEqual(
      values("Final-Recipient"),
      ours.value.recipients.map(({ final }) => final.value),
    );
    assert.deepEqual(
      values("Original-Recipient"),
      ours.value.recipients.map(({ original }) => original?.value),
    );
    assert.deepEqual(values("Original-Envelope-Id"), [ours.value.message.envelopeId]);
    assert.deepEqual(values("Reporting-MTA"), ["mx.rook.example"]);
  }
  assert.equal(found.filter(({ groups }) => groups === null).length, 12);
});
