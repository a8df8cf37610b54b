import type { Attack, Expectations, HttpsStep, Scenario, StsSpec, Variant, WorldChange } from "../types.ts";
import { vector } from "./expect.ts";

/** Group E: MTA-STS. In P5c the sender has met an honest policy before. */
export const GROUP_E: readonly Scenario[] = [
  row("E01", "DN", stripped("", { dns: [{ at: "_mta-sts.T TXT", does: { kind: "nodata" } }] }), {
    ...stripped("servfail", { dns: [{ at: "_mta-sts.T TXT", does: { kind: "servfail" } }] }),
  }),
  row(
    "E02",
    "AC",
    stripped("reset", { https: { kind: "refuse" } }),
    stripped("silence", { https: { kind: "silence" } }),
    answered("500", "500 Internal Server Error", "text/plain", honest()),
    answered("404", "404 Not Found", "text/plain", honest()),
  ),
  row("E03", "AC", {
    ...stripped("", { world: { sts: { maxAge: 86_400 } }, https: { kind: "refuse" }, later: [{ by: 3 * 86_400_000 }] }),
  }),
  row(
    "E04",
    "AC",
    hostShows("self-signed", { by: "self" }),
    hostShows("unknown-ca", { by: "stranger" }),
    hostShows("other-name", { names: ["T"] }),
    hostShows("expired", { flaw: "expired" }),
  ),
  row(
    "E05",
    "MS",
    ...["301", "302", "307", "308"].map((code) =>
      answered(
        code,
        `${code} Elsewhere\r\nLocation: https://mta-sts.E/.well-known/mta-sts.txt`,
        "text/plain",
        honest(),
      ),
    ),
  ),
  row(
    "E06",
    "OP",
    answered("html", "200 OK", "text/html", honest()),
    answered("json", "200 OK", "application/json", honest()),
    {
      ...answered("charset", "200 OK", "text/plain; charset=utf-8", honest()),
      policies: ["P5f", "P5c"],
      expect: vector("P5f P5c D", "RFC 8461 §3.2: text/plain with a charset is text/plain"),
    },
  ),
  row(
    "E07",
    "MS",
    fetched("slow", { kind: "slow" }),
    fetched("endless", { kind: "endless" }),
    answered("valid-and-too-long", "200 OK", "text/plain", honest() + `pad: ${"x".repeat(995)}\r\n`.repeat(66)),
  ),
  row("E08", "MS", ...malformed().map(([id, text]) => policy(id, { text }))),
  row(
    "E09",
    "OP",
    policy("two-records", { txt: ["v=STSv1; id=2;", "v=STSv1; id=3;"] }),
    policy("long-id", { txt: [`v=STSv1; id=${"x".repeat(33)};`] }),
    policy("no-id", { txt: ["v=STSv1;"] }),
  ),
  row("E10", "MS", ...["-1", "1e9", "86400abc", "99999999999"].map((age) => policy(age, { text: withAge(age) }))),
  row("E11", "HP", {
    id: "",
    attack: {
      world: { hosts: { "mx.E": { owner: "attacker" } }, sts: { ...renewed(), mx: ["mx.E"] } },
      dns: [{ at: "T MX", does: { kind: "forge", records: ["T MX 10 mx.E"] } }],
    },
  }),
  row(
    "E12",
    "HP",
    policy("none", { ...renewed(), mode: "none" }),
    policy("testing", { ...renewed(), mode: "testing" }),
  ),
  row("E14", "MS", {
    id: "",
    attack: {
      world: { hosts: { "mx.E": { owner: "attacker", certificate: { names: ["mx.T"] } } } },
      dns: [{ at: "T MX", does: { kind: "forge", records: ["T MX 10 mx.E"] } }],
    },
  }),
  row("E15", "OP", ...["self-signed", "other-name"].map((id) => showing(id, {}))),
  row("E16", "AC", {
    id: "",
    attack: {
      world: { signed: true, sts: {}, tlsa: [{ at: "_25._tcp.mx.T", numbers: "3 1 1", data: "00".repeat(32) }] },
    },
  }),
  row(
    "E17",
    "OP",
    both("other-name-in-the-policy", { sts: { mx: ["other.T"], stored: ["other.T"] } }),
    both("untrusted-certificate", { sts: {}, hosts: { "mx.T": { owner: "victim", certificate: { by: "self" } } } }),
  ),
];

/** Groups F and G, as far as an attack on one message shows them. */
export const GROUP_G: readonly Scenario[] = [
  {
    row: "G01",
    position: "OP",
    variants: [{ id: "", attack: { world: { hosts: { "mx.T": { owner: "victim", requireTls: false } } } } }],
  },
  { row: "G07", position: "MC", variants: [stripped("", { message: { tlsRequiredNo: true } })] },
];

function row(id: string, position: Scenario["position"], ...variants: readonly Variant[]): Scenario {
  return { row: id, position, base: id === "E16" || id === "E17" ? "P6" : "P5c", variants };
}

/** With STARTTLS taken away, so that it shows whether a policy was in force. */
function stripped(id: string, attack: Attack, expect?: Expectations): Variant {
  const smtp: Attack["smtp"] = {
    "mx.T": { kind: "script", steps: [{ on: "EHLO", kind: "drop-lines", beginning: "STARTTLS" }] },
  };
  return { id, attack: { ...attack, smtp }, ...(expect === undefined ? {} : { expect }) };
}

function fetched(id: string, https: HttpsStep): Variant {
  return stripped(id, { world: { sts: renewed() }, https });
}

function answered(id: string, status: string, type: string, body: string): Variant {
  const head = `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: LENGTH\r\n\r\n`;
  return fetched(id, { kind: "answer", text: head + body });
}

function hostShows(id: string, certificate: Extract<HttpsStep, { kind: "certificate" }>["certificate"]): Variant {
  return fetched(id, { kind: "certificate", certificate });
}

function policy(id: string, sts: StsSpec): Variant {
  return stripped(id, { world: { sts: { ...renewed(), ...sts } } });
}

function showing(id: string, change: WorldChange): Variant {
  const certificate = id === "self-signed" ? { by: "self" as const } : { names: ["mx.E"] };
  return { id, attack: { world: { hosts: { "mx.T": { owner: "victim", certificate } }, ...change } } };
}

function both(id: string, change: WorldChange): Variant {
  const tlsa = [{ at: "_25._tcp.mx.T", numbers: "3 1 1", of: "mx.T" }];
  return { id, attack: { world: { signed: true, tlsa, ...change } } };
}

/** The victim says that its policy is a new one. */
function renewed(): StsSpec {
  return { txt: ["v=STSv1; id=2;"] };
}

function honest(): string {
  return withAge("604800");
}

function withAge(age: string): string {
  return `version: STSv1\r\nmode: enforce\r\nmx: mx.T\r\nmax_age: ${age}\r\n`;
}

function malformed(): readonly (readonly [string, string])[] {
  const lines = ["version: STSv1", "mode: enforce", "mx: mx.T", "max_age: 604800"];
  const without = (word: string): string => `${lines.filter((line) => !line.startsWith(word)).join("\r\n")}\r\n`;
  return [
    ["no-version", without("version")],
    ["no-mode", without("mode")],
    ["no-mx", without("mx")],
    ["no-max-age", without("max_age")],
    ["mark-before", `\uFEFF${honest()}`],
    ["cr-alone", honest().replaceAll("\r\n", "\r")],
    ["mode-in-capitals", honest().replace("enforce", "Enforce")],
    ["nul", honest().replace("mx.T", "mx.T\0")],
    ["nothing", ""],
  ];
}
