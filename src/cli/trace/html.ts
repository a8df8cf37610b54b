import { type Finding, type Hop, type Path, type Strength, strengthOf } from "../../trace/mod.ts";
import { html, type Markup } from "./markup.ts";
import { span, STRENGTHS } from "./paint.ts";
import { fromLine, protectionDetail, protocolLine, warningsByHop, weakestLine } from "./phrases.ts";
import type { Traced } from "./run.ts";
import { STYLE } from "./style.ts";
import { busiestLinks, type Summary } from "./summary.ts";

/** A page that needs nothing from elsewhere: no script, no font, no picture. */
export function renderPage(shown: readonly Traced[], summary: Summary): string {
  const many = summary.messages > 1;
  const title = many ? `The way of ${summary.messages} messages` : `The way of ${shown[0]?.source ?? "a message"}`;
  const messages = shown.map((traced) => (many ? foldedMessage(traced) : message(traced)));
  const left = summary.messages - shown.length;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>
<header><h1>${title}</h1>${many ? html`<p>${summary.worthALook} worth a look, ${summary.withoutTrace} without a Received field.</p>` : undefined}</header>
<main>${many ? summaryTables(summary) : undefined}${messages}${left > 0 ? html`<p>${left} more messages are counted above but not shown.</p>` : undefined}</main>
<footer>Oldest hop first. <b>Facts</b> are what our own hosts wrote; <b>claims</b> are what others say. Encryption tells of the channel; whether the sender checked the server's identity is not knowable from these fields.</footer>
</body>
</html>
`;
  return page.markup;
}

function foldedMessage(traced: Traced): Markup {
  const { facts, claims } = traced.path.weakestTls;
  const worst = facts?.strength ?? claims?.strength ?? "local";
  return html`<details class="message"><summary>${badge(worst)} ${traced.source} <small>${traced.path.hops.length} hops</small></summary>${message(traced)}</details>`;
}

function message({ path }: Traced): Markup {
  const warnings = warningsByHop(path);
  return html`<section>
${overview(path)}
<ol class="hops">${[...path.hops].reverse().map((hop) => hopItem(hop, warnings.get(hop.index) ?? []))}</ol>
${marks(path)}
${findings(path)}
<ul class="notes">${path.notes.map((note) => html`<li>${note}.</li>`)}</ul>
</section>
`;
}

function overview(path: Path): Markup {
  const total = path.totalDelay.seconds === undefined ? "not told" : span(path.totalDelay.seconds);
  return html`<dl class="overview">
<div><dt>Weakest link, facts</dt><dd>${weakestLine(path, "facts")}</dd></div>
<div><dt>Weakest link, claims</dt><dd>${weakestLine(path, "claims")}</dd></div>
<div><dt>All by TLS</dt><dd>facts: ${path.allTls.facts} · claims: ${path.allTls.claims}</dd></div>
<div><dt>Time under way</dt><dd>${total}</dd></div>
</dl>`;
}

function hopItem(hop: Hop, warnings: readonly Finding[]): Markup {
  const strength = strengthOf(hop.tls) ?? "local";
  const part = hop.trust === "claimed" ? "claimed" : hop.trust === "ours" ? "ours" : "written by us about a stranger";
  return html`<li class="hop ${hop.trust}">
<p class="from">${fromLine(hop)}</p>
<p class="channel">${badge(strength)} <span>${protectionDetail(hop)}</span></p>
<p class="by">to <b>${hop.by?.name ?? hop.by?.ip ?? "a host that is not named"}</b>${protocolLine(hop)} <span class="trust">${part}</span></p>
${delayBar(hop)}
${warnings.map((one) => html`<p class="warn"><b>${one.code}</b> ${one.detail}</p>`)}
<details><summary>The field</summary><pre>${hop.raw.slice(0, LONGEST_RAW)}</pre></details>
</li>
`;
}

function badge(strength: Strength | "local"): Markup {
  const { mark, word } = STRENGTHS[strength];
  return html`<span class="badge ${strength}">${mark} ${word}</span>`;
}

function delayBar(hop: Hop): Markup | undefined {
  const { seconds, kind } = hop.delay;
  if (seconds === undefined) return undefined;
  if (kind === "negative") return html`<p class="delay">${span(seconds)}: a clock is wrong</p>`;
  const width = Math.min(100, Math.round((100 * Math.log1p(seconds)) / Math.log1p(86_400)));
  return html`<p class="delay"><meter min="0" max="100" value="${width}"></meter> ${span(seconds)} after the hop before</p>`;
}

function marks(path: Path): Markup | undefined {
  if (path.marks.length === 0) return undefined;
  const rows = path.marks.map(
    (mark) =>
      html`<tr><td>${mark.field}</td><td>${mark.domain}</td><td>${mark.results?.map((one) => `${one.method}=${one.result} `)}</td><td>${mark.addedBy === null ? "before the first hop" : `hop ${path.hops.length - mark.addedBy}`}</td><td>${mark.trust === "claimed" ? "claimed" : "fact"}</td></tr>`,
  );
  return html`<h2>Fields of other kinds</h2><div class="wide"><table><thead><tr><th>Field</th><th>By</th><th>Results</th><th>Added at</th><th></th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function findings(path: Path): Markup | undefined {
  const all = path.findings.filter((one) => one.level === "info");
  if (all.length === 0) return undefined;
  return html`<details><summary>${all.length} remarks that honest mail has too</summary><ul>${all.map((one) => html`<li>hop ${path.hops.length - one.index}: <b>${one.code}</b> ${one.detail}</li>`)}</ul></details>`;
}

function summaryTables(summary: Summary): Markup {
  const weakest = WEAKEST.map(
    (one) =>
      html`<tr><td>${badge(one)}</td><td>${summary.facts.get(one) ?? 0}</td><td>${summary.claims.get(one) ?? 0}</td></tr>`,
  );
  const links = busiestLinks(summary, MOST_ROWS).map(
    (link) =>
      html`<tr><td>${link.count}</td><td>${link.from}</td><td>${link.by}</td><td>${[...link.strengths].map(([one, count]) => html`<span class="badge ${one}">${STRENGTHS[one].mark} ${count}</span> `)}</td><td>${link.slowest === undefined ? "" : span(link.slowest)}</td><td>${link.facts === 0 ? "claimed" : ""}</td></tr>`,
  );
  return html`<h2>Weakest link of each message</h2><table><thead><tr><th></th><th>facts</th><th>claims</th></tr></thead><tbody>${weakest}</tbody></table>
<h2>Hops, the busiest first</h2><div class="wide"><table><thead><tr><th>Messages</th><th>From</th><th>To</th><th>Channel</th><th>Slowest</th><th></th></tr></thead><tbody>${links}</tbody></table></div>
<h2>Messages</h2>`;
}

const LONGEST_RAW = 10_000;
const MOST_ROWS = 100;
const WEAKEST: readonly Strength[] = ["cleartext", "unknown", "weak", "tls", "post-quantum"];
