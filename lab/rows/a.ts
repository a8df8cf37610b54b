import type { Attack, Expectations, Scenario, Variant, WireStep } from "../types.ts";
import { all } from "./expect.ts";

/** Group A: the wire, and STARTTLS. */
export const GROUP_A: readonly Scenario[] = [
  { row: "A01", position: "PA", variants: [{ id: "", attack: {} }] },
  {
    row: "A04",
    position: "AC",
    variants: [wire("", stripping()), inOctets(wire("octet-by-octet", stripping()))],
  },
  {
    row: "A05",
    position: "AC",
    variants: [
      wire(
        "",
        { on: "EHLO", kind: "replace", from: "STARTTLS", to: "XXXXXXXA" },
        { on: "STARTTLS", kind: "rewrite", to: "XXXXXXXX" },
      ),
    ],
  },
  {
    row: "A06",
    position: "AC",
    variants: ["421", "454", "500", "501", "502", "530", "554", "354", "221", "250"].map((code) =>
      wire(code, { on: "STARTTLS", kind: "answer", text: `${code} no\r\n` }),
    ),
  },
  {
    row: "A07",
    position: "AC",
    variants: ["500", "502", "504", "421", "550"]
      .map((code) => wire(code, { on: "EHLO", kind: "answer", text: `${code} no\r\n` }))
      .map((one) => (one.id === "421" ? { ...one, expect: later() } : one)),
  },
  {
    row: "A08",
    position: "AC",
    variants: [
      wire("reset-at-command", { on: "STARTTLS", kind: "reset", when: "command" }),
      wire("reset-at-220", { on: "STARTTLS", kind: "reset", when: "reply" }),
      wire("reset-at-hello", { on: "hello", kind: "reset", when: "command" }),
      wire("close-at-hello", { on: "hello", kind: "close", when: "command" }),
      wire("silence-at-command", { on: "STARTTLS", kind: "blackhole", when: "command" }),
      wire("silence-at-hello", { on: "hello", kind: "blackhole", when: "command" }),
    ],
  },
  {
    row: "A09",
    position: "AC",
    variants: [
      { id: "refused", attack: { smtp: { "mx.T": { kind: "refuse" } } } },
      { id: "dropped", attack: { smtp: { "mx.T": { kind: "drop" } } } },
    ],
  },
  {
    row: "A10",
    position: "AC",
    variants: [
      wire("alert", { on: "hello", kind: "answer", text: "\x15\x03\x03\x00\x02\x02\x28" }),
      wire("noise", { on: "hello", kind: "answer", text: "\x16\x03\x03\x00\x08 rubbish" }),
      { ...wire("large-hello-dropped", { on: "hello", kind: "small-only" }), expect: smallHello() },
    ],
  },
  {
    row: "A11",
    position: "AC",
    variants: [
      { id: "tls1.0", attack: speaking({ tls: "TLSv1" }) },
      { id: "tls1.1", attack: speaking({ tls: "TLSv1.1" }) },
      { id: "anonymous", attack: speaking({ tls: "TLSv1.2", ciphers: "aNULL" }) },
      { id: "null", attack: speaking({ tls: "TLSv1.2", ciphers: "NULL" }) },
    ],
  },
  {
    row: "A12",
    position: "AC",
    variants: [
      wire(
        "",
        { on: "STARTTLS", kind: "answer", text: "220 2.0.0 go\r\n" },
        { on: "hello", kind: "answer", text: "250 ok\r\n" },
      ),
    ],
  },
  {
    row: "A13",
    position: "AC",
    variants: [
      injecting("", "250-evil\r\n250 AUTH PLAIN\r\n"),
      inOctets(injecting("octet-by-octet", "250-evil\r\n250 AUTH PLAIN\r\n")),
    ],
  },
  { row: "A14", position: "AC", variants: [injecting("", "250-AUTH LOGIN ")] },
  {
    row: "A15",
    position: "AC",
    expect: outOfStep(),
    variants: [
      wire("", {
        on: "greeting",
        kind: "early",
        text: "220 x\r\n250-x\r\n250 OK\r\n250 OK\r\n250 OK\r\n354 go\r\n250 queued\r\n",
      }),
    ],
  },
  {
    row: "A16",
    position: "AC",
    expect: { P2: { verdict: "U", because: "RFC 7435 §3: encryption that asks nobody who he is, here as in A01" } },
    variants: [
      wire("added", promises("AUTH PLAIN", "SIZE 1", "REQUIRETLS")),
      {
        id: "forged-requiretls",
        policies: ["P7"],
        attack: {
          world: { hosts: { "mx.T": { owner: "victim", requireTls: false } } },
          ...wire("", promises("REQUIRETLS")).attack,
        },
        expect: {
          P7: {
            verdict: "B",
            because: "RFC 8689 §4.2.1: what was promised before TLS is forgotten, and inside it nothing is",
          },
        },
      },
    ],
  },
];

function wire(id: string, ...steps: readonly WireStep[]): Variant {
  return { id, attack: { smtp: { "mx.T": { kind: "script", steps } } } };
}

function stripping(): WireStep {
  return { on: "EHLO", kind: "drop-lines", beginning: "STARTTLS" };
}

/** Every octet that the sender hears is a segment of its own. */
function inOctets({ id, attack }: Variant): Variant {
  const [name, wired] = Object.entries(attack.smtp ?? {})[0] ?? [];
  if (name === undefined || wired?.kind !== "script") throw new Error(`${id} has no script`);
  return { id, attack: { ...attack, smtp: { [name]: { ...wired, split: "octets" } } } };
}

function injecting(id: string, text: string): Variant {
  const { attack } = wire(id, { on: "STARTTLS", kind: "inject", text });
  return { id, attack: { ...attack, mustNotAct: "AUTH" } };
}

function promises(...words: readonly string[]): WireStep {
  const to = [...words, "ENHANCEDSTATUSCODES"].join("\r\n250-");
  return { on: "EHLO", kind: "replace", from: "ENHANCEDSTATUSCODES", to };
}

function speaking(tls: Pick<NonNullable<NonNullable<Attack["world"]>["hosts"]>[string], "tls" | "ciphers">): Attack {
  return { world: { hosts: { "mx.T": { owner: "victim", ...tls } } } };
}

/** The second hello offers no post-quantum share, fits into one packet, and proves as much of the host. */
function smallHello(): Expectations {
  const because =
    "RFC 8446 §4.2.8: a client may offer fewer shares; a hello that fits one packet passes, and nothing is weaker";
  return {
    ...all(["P1", "P2", "P5t"], "U", because),
    ...all(["P3", "P4", "P5f", "P5c", "P6", "P7"], "S", because),
  };
}

function later(): Expectations {
  return all(
    ["P1", "P5t", "P7"],
    "D",
    "RFC 5321 §3.8: 421 closes the channel before anything was said of TLS; the client tries later, and not otherwise",
  );
}
function outOfStep(): Expectations {
  return all(
    ["P1", "P5t", "P7"],
    "D",
    "RFC 5321 §4.3.1: replies that nobody asked for mean that the two are out of step; nothing is sent on such a channel",
  );
}
