import { systemClock, utf8 } from "../../src/base/mod.ts";
import { type Mailbox, NO_DEMAND, parseMailbox } from "../../src/mail/mod.ts";
import { type Events, subscribe } from "../../src/observe/mod.ts";
import { admit, allowPlaintext, confirmPeer, decide, type Proceed } from "../../src/policy/mod.ts";
import type { Outgoing } from "../../src/smtp/client/mod.ts";
import { openSession } from "../../src/smtp/io/mod.ts";
import { contentFacts } from "../../src/smtp/grammar/mod.ts";
import { openTrust } from "../../src/tls/io/mod.ts";
import type { World } from "./world.ts";

/** What happened to one message, from the client that handed it in to the mailbox. */
export interface Story {
  readonly title: string;
  readonly from: string;
  readonly to: string;
  readonly id: string;
  /** Security of the way in. */
  readonly inbound: string;
  readonly acceptedAt: string;
  /** Milliseconds. */
  readonly durableAfter: number;
  readonly wanted: string;
  readonly actual: string;
  readonly outcome: string;
  readonly mailbox?: string;
  /** Milliseconds from acceptance to the outcome. */
  readonly took: number;
  readonly asExpected: boolean;
}

interface Scene {
  readonly title: string;
  readonly to: string;
  readonly tlsIn: boolean;
  readonly expect: { readonly outcome: "delivered" | "deferred"; readonly tls: RegExp };
}

/** Sends the scenes one after the other, telling each as soon as its outcome is known. */
export async function drive(world: World, tell: (story: Story) => void): Promise<Story[]> {
  const stories: Story[] = [];
  for (const scene of SCENES) {
    const story = await play(scene, world);
    stories.push(story);
    tell(story);
  }
  return stories;
}

async function play(scene: Scene, world: World): Promise<Story> {
  const seen = new Recorder();
  try {
    const reply = await handIn(scene, world);
    const id = QUEUED_AS.exec(reply)?.[1];
    if (id === undefined) throw new Error(`Hopseal did not take the message: ${reply}`);
    const accepted = seen.accepted.get(id);
    const attempt = await seen.attempt(id);
    const nextId = QUEUED_AS.exec(attempt.text)?.[1];
    const arrived = nextId === undefined ? undefined : await seen.attempt(nextId);
    const session = attempt.session;
    const asExpected = attempt.outcome === scene.expect.outcome && scene.expect.tls.test(attempt.tls);
    return {
      title: scene.title,
      from: attempt.from,
      to: attempt.to,
      id,
      inbound: accepted?.tls ?? "unknown",
      acceptedAt: new Date(accepted?.at ?? 0).toISOString(),
      durableAfter: (accepted?.durableAt ?? 0) - (accepted?.at ?? 0),
      wanted: `${attempt.tls.split(":", 1)[0]} (${attempt.because.join("; ")})`,
      actual:
        session === undefined
          ? attempt.tls
          : `${attempt.tls}, ${session.version} ${session.cipher}${session.group === undefined ? "" : ` ${session.group}`}`,
      outcome: `${attempt.outcome}${attempt.host === undefined ? "" : ` by ${attempt.host}`}: ${attempt.code} ${attempt.text}`,
      ...(arrived?.outcome === "delivered" ? { mailbox: `${arrived.to} (${arrived.text})` } : {}),
      took: attempt.age,
      asExpected: asExpected && (scene.expect.outcome !== "delivered" || arrived?.outcome === "delivered"),
    };
  } finally {
    seen[Symbol.dispose]();
  }
}

/** Remembers events, and waits for those that are still to come. */
class Recorder implements Disposable {
  readonly accepted = new Map<string, Events["hopseal:accepted"]>();
  readonly #attempts = new Map<string, Events["hopseal:attempt"]>();
  readonly #waiting = new Map<string, (attempt: Events["hopseal:attempt"]) => void>();
  readonly #subscriptions: readonly Disposable[] = [
    subscribe("hopseal:accepted", (event) => this.accepted.set(event.id, event)),
    subscribe("hopseal:attempt", (event) => {
      this.#attempts.set(event.id, event);
      this.#waiting.get(event.id)?.(event);
    }),
  ];

  attempt(id: string): Promise<Events["hopseal:attempt"]> {
    const past = this.#attempts.get(id);
    return past === undefined ? new Promise((resolve) => this.#waiting.set(id, resolve)) : Promise.resolve(past);
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }
}

/** Speaks to Hopseal as any client would, over a real socket; returns its reply to the message. */
async function handIn(scene: Scene, world: World): Promise<string> {
  const trust = await openTrust({ kind: "file", path: world.caFile });
  if (!trust.ok) throw new Error(trust.error);
  const target = { host: "mx.demo.example", address: "127.0.0.1", port: world.port, mode: "starttls" } as const;
  const decision = clientDecision(scene, world.port);
  const rung = scene.tlsIn ? ({ kind: "tls", hello: "full" } as const) : ({ kind: "plaintext" } as const);
  const session = await openSession(target, decision, rung, {
    hostname: "client.demo.example",
    trust: trust.value,
    clock: systemClock,
    gate: { confirmPeer, allowPlaintext, admit },
  });
  if ("kind" in session) throw new Error(`Cannot reach Hopseal: ${session.status.text}`);
  await using client = session;
  const result = await client.send(message(scene), decision);
  if ("kind" in result) throw new Error(result.status.text);
  await client.quit();
  return result.recipients[0]?.text ?? "";
}

function clientDecision(scene: Scene, port: number): Proceed {
  const decision = decide(
    {
      destination: "mx.demo.example",
      host: {
        name: "mx.demo.example",
        literal: false,
        port,
        mode: "starttls",
        learnt: "configured",
        mxSecurity: "insecure",
      },
      ...(scene.tlsIn ? { local: { destination: "mx.demo.example", level: "secure" as const } } : {}),
      now: systemClock.now(),
    },
    NO_DEMAND,
  );
  if (decision.kind !== "proceed") throw new Error(decision.status.text);
  return decision;
}

function message(scene: Scene): Outgoing {
  const to = mailbox(scene.to);
  const content = utf8(
    [
      `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
      "From: Ada <ada@demo.example>",
      `To: <${scene.to}>`,
      `Subject: ${scene.title}`,
      "",
      "Hello from the demo.",
      "",
    ].join("\r\n"),
  );
  return {
    envelope: {
      reversePath: { kind: "mailbox", mailbox: mailbox("ada@demo.example") },
      body: "7bit",
      smtpUtf8: false,
      dsn: {},
      demand: NO_DEMAND,
    },
    content: contentFacts([content]),
    recipients: [{ mailbox: to }],
    async *open() {
      yield content;
    },
  };
}

function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text);
  if (!parsed.ok) throw new Error(parsed.error.detail);
  return parsed.value;
}

const QUEUED_AS = /Queued as ([A-Za-z0-9]+)/;

const SCENES: readonly Scene[] = [
  {
    title: "In over TLS, out to a host that offers TLS",
    to: "bo@rook.example",
    tlsIn: true,
    expect: { outcome: "delivered", tls: /^may:encrypted$/ },
  },
  {
    title: "In and out in clear: the host offers no TLS and nobody asked for more",
    to: "bo@birch.example",
    tlsIn: false,
    expect: { outcome: "delivered", tls: /^may:plaintext$/ },
  },
  {
    title: "A local policy demands a proven host, and the host proves itself",
    to: "bo@oak.example",
    tlsIn: true,
    expect: { outcome: "delivered", tls: /^secure:webpki$/ },
  },
  {
    title: "A local policy demands a proven host, and the host offers no TLS: nothing leaves",
    to: "bo@elm.example",
    tlsIn: true,
    expect: { outcome: "deferred", tls: /^secure:!/ },
  },
];
