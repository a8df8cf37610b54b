import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cell } from "../world/cell.ts";
import { cellNames } from "../world/names.ts";
import { EXIM } from "./exim.ts";
import { POSTFIX } from "./postfix.ts";

const cellOf = (policy: "P1" | "P3"): Cell => {
  const id = { row: "A04", variant: "", policy };
  // Only these parts are looked at.
  return { plan: { ...id, attack: {}, base: policy }, names: cellNames(id) } as unknown as Cell;
};
const message = (cell: Cell) => ({
  from: "a@sender.test",
  to: `bo@${cell.names.domains.T}`,
  content: "",
  canary: "",
  bodyCanary: "",
});

test("Postfix: the last line about the recipient counts, and the TLS of its own hosts", () => {
  const cell = cellOf("P3");
  const { T } = cell.names.domains;
  const about = (status: string): string =>
    `postfix/smtp[7]: ABC: to=<bo@${T}>, relay=mx.${T}[10.1.2.3]:25, dsn=4.0.0, status=${status}`;
  const fate = (lines: readonly string[]) => POSTFIX.fateOf(lines.join("\n"), cell, message(cell));
  assert.equal(fate(["postfix/smtp[7]: ABC: to=<bo@other.test>, status=sent (250 ok)"]), undefined);
  assert.deepEqual(fate([about("deferred (lost connection)")]), {
    state: "deferred",
    authenticated: false,
    reason: "lost connection",
    attempts: 1,
  });
  const other = `postfix/smtp[8]: Verified TLS connection established to mx.other.test[10.1.2.4]:25: TLSv1.3`;
  const own = `postfix/smtp[7]: Verified TLS connection established to mx.${T}[10.1.2.3]:25: TLSv1.3`;
  const sent = [about("deferred (x)"), about("sent (250 2.6.0 taken (really))")];
  assert.deepEqual(fate([own, ...sent]), {
    state: "delivered",
    authenticated: true,
    reason: "250 2.6.0 taken (really)",
    attempts: 2,
  });
  assert.equal(fate([other, ...sent])?.authenticated, false);
  assert.equal(fate([own, own.replace("Verified", "Untrusted"), ...sent])?.authenticated, false);
  assert.equal(fate([own, about("bounced (no such domain)")])?.state, "failed");
});

test("Exim: a certificate that was looked at proves something only where the configuration asks for it", () => {
  const fate = (policy: "P1" | "P3", line: string) => {
    const cell = cellOf(policy);
    const { T } = cell.names.domains;
    return EXIM.fateOf(`2026-11-22 11:00:00 1x-2-3 ${line.replace("TO", `bo@${T}`)}\n`, cell, message(cell));
  };
  assert.equal(fate("P3", "<= a@sender.test"), undefined);
  const sent = '=> TO R=fixed T=out H=mx [10.1.2.3] X=TLS1.3 CV=yes C="250 2.6.0 taken"';
  assert.deepEqual(fate("P3", sent), { state: "delivered", authenticated: true, reason: "delivered", attempts: 1 });
  assert.equal(fate("P1", sent)?.authenticated, false);
  assert.equal(fate("P1", sent.replace("yes", "dane"))?.authenticated, true);
  assert.deepEqual(fate("P3", "== TO R=fixed T=out defer (-38) H=mx [10.1.2.3]: TLS session is required"), {
    state: "deferred",
    authenticated: false,
    reason: "TLS session is required",
    attempts: 1,
  });
  assert.equal(fate("P3", "** TO R=bydns: all relevant MX records point to non-existent hosts")?.state, "failed");
  assert.equal(fate("P3", "** TO: Unrouteable address")?.reason, "Unrouteable address");
});
