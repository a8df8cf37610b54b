import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUtf8, seededRandom, unreachable, utf8 } from "../base/mod.ts";
import { type DeliveryReport, parseDeliveryReport } from "../dsn/mod.ts";
import { domain, type Envelope, type Mailbox, NO_DEMAND, type Notify, type TlsDemand } from "../mail/mod.ts";
import type { Claim, QueueId, RecipientState } from "../queue/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { noticesFor } from "./notices.ts";
import { markWarned, toldOf } from "./told.ts";
import { judgeAttempt } from "./settle.ts";
import type { RecipientOutcome } from "./walk.ts";

/*
 * The whole of what a sender can ask for, against the whole of what can happen. The oracle below is written by hand from the
 * rules of RFC 3461 §5.2, a row for each NOTIFY and a column for each end, and knows nothing of the code.
 *
 *   column                       rule
 *   mailbox, local               §5.2.3 (a) delivered with SUCCESS, (b) (c) otherwise nothing
 *   dsn                          §5.2.1 the next host answers; nothing from us
 *   nodsn, unsaid                §5.2.2 (b) relayed with SUCCESS, (d) (e) otherwise nothing
 *   young, warned                §5.2.5 nothing before its time, nothing twice
 *   old                          §5.2.5 (a) (b) delayed with DELAY or without NOTIFY, (c) otherwise nothing
 *   failed, expired              §5.2.2 (c) (d) (f), §5.2.6 (a) (c) failed with FAILURE or without NOTIFY, (b) otherwise nothing
 */
const COLUMNS = ["mailbox", "local", "dsn", "nodsn", "unsaid", "young", "warned", "old", "failed", "expired"] as const;
const TABLE: Readonly<Record<string, string>> = {
  // NOTIFY                mailbox   local     dsn nodsn   unsaid  yng wrn old     failed  expired
  "": "-         -         -   -       -       -   -   delayed failed  failed",
  NEVER: "-         -         -   -       -       -   -   -       -       -",
  SUCCESS: "delivered delivered -   relayed relayed -   -   -       -       -",
  FAILURE: "-         -         -   -       -       -   -   -       failed  failed",
  DELAY: "-         -         -   -       -       -   -   delayed -       -",
  "SUCCESS,FAILURE": "delivered delivered -   relayed relayed -   -   -       failed  failed",
  "SUCCESS,DELAY": "delivered delivered -   relayed relayed -   -   delayed -       -",
  "FAILURE,DELAY": "-         -         -   -       -       -   -   delayed failed  failed",
  "SUCCESS,FAILURE,DELAY": "delivered delivered -   relayed relayed -   -   delayed failed  failed",
};
type Column = (typeof COLUMNS)[number];

/** RFC 3461 §5.2: none to the null reverse-path. */
const SENDERS: readonly (string | undefined)[] = [undefined, "ada", "\u00e4da"];
const RETS = [undefined, "full", "hdrs"] as const;
const DEMANDS: Readonly<Record<string, TlsDemand>> = {
  none: NO_DEMAND,
  waived: { level: "may", propagate: false, tlsOptional: true, because: [] },
  requiretls: { level: "secure", propagate: true, mxAuthentic: "dnssec-or-sts", because: [] },
  encrypt: { level: "encrypt", propagate: false, because: [] },
};
const HEADERS = {
  ascii: "Message-ID: <1@x>\r\nDate: d\r\nSubject: s\r\n",
  utf8: "Message-ID: <1@x>\r\nDate: d\r\nSubject: \u00fc\r\n",
};
const CONTENTS: Readonly<Record<string, { readonly header: string; readonly body: string }>> = {
  seven: { header: HEADERS.ascii, body: "\r\nbody\r\n" },
  eight: { header: HEADERS.ascii, body: "\r\nb\u00f6dy\r\n" },
  international: { header: HEADERS.utf8, body: "\r\nbody\r\n" },
};

const NOW = Date.UTC(2026, 2, 3, 9, 14, 7);
const HOUR = 3_600_000;
const RETRY = { first: HOUR / 2, warnAfter: 4 * HOUR, expireAfter: 120 * HOUR };
const REPLY: Status = {
  cause: "remote-reply",
  code: 250,
  text: "ok",
  peer: { host: "mx.oak.example" },
  reply: { code: 250, lines: ["ok"] },
};

interface Case {
  readonly notify: string;
  readonly column: Column;
  readonly ret: (typeof RETS)[number];
  readonly sender: string | undefined;
  readonly demand: string;
  readonly content: string;
}

/** The oracle: the action and the third part, e.g. "failed whole message/rfc822", or "-". */
function expected({ notify, column, ret, sender, demand, content }: Case): string {
  const action = TABLE[notify]?.split(/ +/)[COLUMNS.indexOf(column)] ?? "?";
  if (action === "-" || sender === undefined) return "-";
  // RFC 8689 §5: REQUIRETLS disregards RET=FULL; what is redacted may go without it.
  if (demand === "requiretls" || demand === "encrypt") return `${action} redacted text/rfc822-headers`;
  // RFC 3461 §4.3, §6.2: the whole for a failure alone, and where it was asked for.
  const whole = action === "failed" && ret === "full";
  const types =
    content === "international"
      ? ["message/global", "message/global-headers"]
      : ["message/rfc822", "text/rfc822-headers"];
  return whole ? `${action} whole ${types[0]}` : `${action} header ${types[1]}`;
}

function notifyOf(text: string): { readonly notify?: Notify } {
  if (text === "") return {};
  if (text === "NEVER") return { notify: "never" };
  return { notify: text.toLowerCase().split(",") as Exclude<Notify, "never"> };
}

function outcomeOf(column: Column): RecipientOutcome {
  const local = { tls: "local:maildir", because: [] };
  const via = { tls: "may:plaintext", because: [], host: "mx.oak.example" };
  switch (column) {
    case "mailbox":
      return { end: "delivered", reach: "mailbox", status: statusOf("ok-message"), via: local };
    case "local":
      return { end: "delivered", status: statusOf("ok-message"), via: local };
    case "dsn":
      return { end: "delivered", reach: "relayed-dsn", status: REPLY, via };
    case "nodsn":
      return { end: "delivered", reach: "relayed", status: REPLY, via };
    case "unsaid":
      return { end: "delivered", status: REPLY, via };
    case "failed":
      return { end: "failed", status: statusOf("null-mx"), via };
    case "young":
    case "warned":
    case "old":
    case "expired":
      return { end: "deferred", status: statusOf("timeout"), via };
    default:
      return unreachable(column);
  }
}

const AGES: Readonly<Partial<Record<Column, number>>> = { young: 1, old: 5, warned: 5, expired: 121 };
const mailbox = (localPart: string, host: string): Mailbox => ({ localPart, domain: domain(host) });

interface Played {
  readonly reports: readonly { readonly report: DeliveryReport; readonly envelope: Envelope }[];
  readonly states: ReadonlyMap<number, RecipientState>;
}

/** An attempt at a unit with these recipients, through the real judge and writer, read back. */
function play(
  one: Omit<Case, "notify" | "column">,
  recipients: readonly Pick<Case, "notify" | "column">[],
  age: number,
): Played {
  const { header = "", body = "" } = CONTENTS[one.content] ?? {};
  const start = utf8(header + body);
  const envelope: Envelope = {
    reversePath:
      one.sender === undefined ? { kind: "null" } : { kind: "mailbox", mailbox: mailbox(one.sender, "pine.example") },
    recipients: recipients.map(({ notify }, at) => ({
      mailbox: mailbox(`r${at}`, "oak.example"),
      ...notifyOf(notify),
    })),
    body: "8bitmime",
    smtpUtf8: one.content === "international",
    dsn: one.ret === undefined ? {} : { ret: one.ret },
    demand: DEMANDS[one.demand] ?? NO_DEMAND,
    origin: { kind: "local" },
    content: { size: start.length, eightBit: true, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 20 },
  };
  const states: Claim["recipients"] = new Map(
    recipients.map(({ column }, at) => [
      at,
      column === "warned" ? { kind: "pending", warned: true } : { kind: "pending" },
    ]),
  );
  const acceptedAt = NOW - age * HOUR;
  const claim = {
    envelope,
    message: "0a" as QueueId,
    acceptedAt,
    bodySize: start.length,
    recipients: states,
    attempt: 1,
  };
  const outcomes = new Map(recipients.map(({ column }, at) => [at, outcomeOf(column)]));
  const verdict = judgeAttempt(claim, outcomes, { now: NOW, retry: RETRY, random: seededRandom(1) });
  let made = 0;
  const { enqueue, warned } = noticesFor(claim, toldOf(claim, verdict, { now: NOW, retry: RETRY }), {
    newId: () => `n${made++}` as QueueId,
    hostname: domain("mx1.rook.example"),
    postmaster: mailbox("postmaster", "rook.example"),
    now: NOW,
    start,
  });
  const reports = enqueue.map((notice) => {
    const report = parseDeliveryReport(notice.body);
    assert.ok(report.ok, report.ok ? "" : report.error);
    return { report: report.value, envelope: notice.message.envelope };
  });
  return { reports, states: markWarned(claim, verdict.recipients, warned) };
}

function shown({ report }: Played["reports"][number], one: Case): string {
  const { header = "", body = "" } = CONTENTS[one.content] ?? {};
  const content = fromUtf8(report.returned?.content ?? new Uint8Array(0));
  const forms = new Map([
    [header + body, "whole"],
    [header, "header"],
    ["Message-ID: <1@x>\r\nDate: d\r\n", "redacted"],
  ]);
  return `${report.recipients.map(({ action }) => action).join("+")} ${forms.get(content) ?? content} ${report.returned?.type}`;
}

test("notices: NOTIFY × end and reach × RET × sender × demand × content, compared whole (RFC 3461 §4.3, §5.2, §6; RFC 8689 §5)", () => {
  const tables = { told: [] as string[], wanted: [] as string[] };
  let combinations = 0;
  let notices = 0;
  for (const notify of Object.keys(TABLE))
    for (const column of COLUMNS)
      for (const ret of RETS)
        for (const sender of SENDERS)
          for (const demand of Object.keys(DEMANDS))
            for (const content of Object.keys(CONTENTS)) {
              const one: Case = { notify, column, ret, sender, demand, content };
              const { reports, states } = play(one, [one], AGES[column] ?? 5);
              const row = Object.values(one).join("|");
              tables.told.push(`${row}: ${reports.map((report) => shown(report, one)).join(" and ") || "-"}`);
              tables.wanted.push(`${row}: ${expected(one)}`);
              combinations++;
              notices += reports.length;
              const [state] = states.values();
              const marked = state?.kind === "pending" && state.warned === true;
              assert.equal(marked, column === "warned" || expected(one).startsWith("delayed"), row);
              for (const { envelope } of reports) {
                assert.deepEqual(envelope.reversePath, { kind: "null" }, row);
                assert.equal(envelope.smtpUtf8, sender !== "ada", row);
                assert.equal(envelope.demand.propagate, demand === "requiretls", row);
                assert.equal(envelope.demand.tlsOptional, demand === "waived" ? true : undefined, row);
              }
            }
  assert.deepEqual(tables.told, tables.wanted);
  assert.equal(combinations, 9 * 10 * 3 * 3 * 4 * 3);
  assert.equal(notices, tables.wanted.filter((row) => !row.endsWith(": -")).length);
  // 31 cells of the table say something, for two senders that can be told.
  assert.equal(notices, 31 * 3 * 2 * 4 * 3);
});

test("notices: of a whole unit, one for each kind, naming exactly those who are told of it (RFC 3461 §5.2.8)", () => {
  const columns = COLUMNS.filter((column) => column !== "young" && column !== "expired");
  const recipients = Object.keys(TABLE).flatMap((notify) => columns.map((column) => ({ notify, column })));
  const one = { ret: "full", sender: "ada", demand: "none", content: "seven" } as const;
  const { reports } = play(one, recipients, 5);
  const told = reports.map(({ report }) =>
    report.recipients.map(({ action, final }) => {
      const { notify = "?", column = "?" } = recipients[Number(/^r(\d+)@/.exec(final.value)?.[1])] ?? {};
      return `${notify}|${column}: ${action}`;
    }),
  );
  const wanted = (actions: readonly string[]): readonly string[] =>
    recipients.flatMap(({ notify, column }) => {
      const action = expected({ ...one, notify, column }).split(" ")[0] ?? "";
      return actions.includes(action) ? [`${notify}|${column}: ${action}`] : [];
    });
  assert.deepEqual(told, [wanted(["failed"]), wanted(["delayed"]), wanted(["delivered", "relayed"])]);
  assert.deepEqual(
    told.map((list) => list.length),
    [5, 5, 16],
  );
});
