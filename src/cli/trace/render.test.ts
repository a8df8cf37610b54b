import assert from "node:assert/strict";
import { test } from "node:test";
import { interpretTrace } from "../../trace/mod.ts";
import { renderPage } from "./html.ts";
import { jsonWriter } from "./json.ts";
import { html } from "./markup.ts";
import { plain, printable, span } from "./paint.ts";
import { progress } from "./progress.ts";
import type { Traced } from "./run.ts";
import { addToSummary, emptySummary, type Summary } from "./summary.ts";
import { renderSummary } from "./summary-text.ts";
import { renderPath } from "./text.ts";

const MESSAGE =
  "Received: from out.pine.example (out.pine.example [192.0.2.1]) by mx.rook.example (Postfix) with ESMTPS id 2;\r\n Tue, 3 Mar 2026 10:14:07 +0100\r\n" +
  "Received: from <script>alert(1)</script>\u001b[31m (evil\u202e.example [192.0.2.9]) (using TLSv1.2 with cipher AECDH-AES256-SHA (256/256 bits)) by out.pine.example (Postfix) with ESMTPSA id 1; Tue, 3 Mar 2026 09:14:07 +0100\r\n";
const OURS = ["mx.rook.example"];

function traced(text = MESSAGE, source = "a.eml"): Traced {
  return { source, path: interpretTrace(text, { ours: OURS }) };
}

function summed(...all: readonly Traced[]): Summary {
  const summary = emptySummary();
  for (const { path } of all) addToSummary(summary, path);
  return summary;
}

test("renderPath shows the oldest hop first, the claimed part marked, states, delays and warnings", () => {
  assert.equal(
    renderPath(
      { ...traced(MESSAGE.replace("\u001b[31m", "").replace("<script>alert(1)</script>", "pc").replace("\u202e", "")) },
      plain,
    ),
    `a.eml
2 hops, 1 h from the oldest to the newest

What other hosts claim
┊  1  evil.example [192.0.2.9], called itself pc
┊     ▲ weak TLS TLSv1.2 TLS_ECDH_anon_WITH_AES_256_CBC_SHA (anonymous)
┊     to out.pine.example · postfix · with ESMTPSA · authenticated
┊     ! TLS_WEAK TLSv1.2 AECDH-AES256-SHA is weak: anonymous

What our hosts wrote
┃  2  out.pine.example [192.0.2.1]
┃     ● TLS
┃     to mx.rook.example · postfix · with ESMTPS
┃     ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇ 1 h after the hop before  queued or greylisted

Weakest link  facts: hop 2, TLS; claims: hop 1, weak TLS
All by TLS    facts: yes; claims: yes
Submitted     at hop 1, authenticated
TLS says that the channel was encrypted; whether the sender checked the server's
  identity is not knowable here.`,
  );
});

test("renderPath keeps to 80 columns between words", () => {
  const host = `${"long-label.".repeat(4)}example`;
  const text = `Received: from ${host} (${host.replace("long", "other")} [192.0.2.1]) by mx.${host} (Postfix) with ESMTPSA (using TLSv1.0 with cipher ECDHE-RSA-AES256-SHA (256/256 bits)) id 1; Tue, 3 Mar 2026 09:14:07 +0100\r\n`;
  const shown = renderPath(
    traced(`Authentication-Results: mx.${host}; spf=pass; dkim=pass; dmarc=pass\r\n${text}`),
    plain,
  );
  assert.match(shown, /called/);
  for (const line of shown.split("\n")) assert.ok(line.length <= 80, line);
});

test("renderPath and renderSummary let no control or invisible character of a message through", () => {
  const one = traced(MESSAGE, "evil\u001b]0;x\u0007.eml");
  for (const text of [renderPath(one, plain), renderSummary(summed(one, one), plain)])
    assert.doesNotMatch(text.replaceAll("\n", ""), /\p{C}/u);
});

test("renderPage escapes everything from a message and refers to nothing outside", () => {
  const one = traced(MESSAGE, '<img src=x onerror="1">.eml');
  for (const page of [renderPage([one], summed(one)), renderPage([one, one], summed(one, one))]) {
    assert.doesNotMatch(page, /<script|<img|\u202e|\u001b/);
    assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
    assert.doesNotMatch(page, /<[^>]*\b(?:src|href)=|url\(|@import/);
    assert.match(page, /default-src 'none'/);
  }
});

test("html escapes values, keeps markup, joins arrays", () => {
  assert.equal(
    html`<a b="${`"'<>&\``}">${[html`<i>${1}</i>`, "<"]}${undefined}</a>`.markup,
    '<a b="&quot;&#39;&lt;&gt;&amp;&#96;"><i>1</i>&lt;</a>',
  );
});

test("jsonWriter writes one document with version 1, messages and a summary", () => {
  let text = "";
  const writer = jsonWriter((part) => {
    text += part;
  });
  const all = [traced(), traced(MESSAGE, "b.eml")];
  for (const one of all) writer.message(one);
  writer.end(summed(...all));
  const value = JSON.parse(text) as { version: number; messages: Traced[]; summary: Record<string, unknown> };
  assert.equal(value.version, 1);
  assert.deepEqual(value.messages, JSON.parse(JSON.stringify(all)));
  assert.deepEqual(value.summary["weakestTls"], { facts: { tls: 2 }, claims: { weak: 2 } });
  assert.equal(value.summary["worthALook"], 2);
});

test("renderSummary counts by weakest link and by hop", () => {
  const text = renderSummary(summed(traced(), traced(), traced("Subject: x\r\n")), plain);
  assert.match(text, /^3 messages\n1 without a Received field, 2 worth a look\n/);
  assert.match(text, /▲ weak TLS +0 +2\n/);
  assert.match(text, /● TLS +2 +0\n/);
  assert.match(text, / 2  out\.pine\.example → mx\.rook\.example  ● 2, slowest 1 h\n/);
  assert.match(text, / 2  TLS_WEAK/);
});

test("span and printable write for people", () => {
  assert.deepEqual([0, 59.4, 60, 3599, 3600, 86_400, 90_061, -75].map(span), [
    "0 s",
    "59 s",
    "1 min",
    "59 min 59 s",
    "1 h",
    "1 d",
    "1 d 1 h",
    "-1 min 15 s",
  ]);
  assert.equal(printable("a\r\n\tb\u001bc", 100), "a b\ufffdc");
  assert.equal(printable("abcdef", 3), "abc…");
});

test("progress counts only for a terminal, only when work is long, and wipes its line", () => {
  let now = 0;
  const written: string[] = [];
  const stream = { isTTY: true, write: (text: string) => written.push(text) > 0 } as unknown as Parameters<
    typeof progress
  >[0];
  const bar = progress(stream, { monotonic: () => now });
  bar.step(1);
  assert.deepEqual(written, []);
  now = 2000;
  bar.step(500);
  bar.step(501);
  bar.done();
  assert.deepEqual(written, ["\r500 messages, 250 a second ", "\r\u001b[K"]);
  const silent = progress({ ...stream, isTTY: false }, { monotonic: () => 9999 });
  silent.step(1);
  silent.done();
  assert.equal(written.length, 2);
});
