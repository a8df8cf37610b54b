import { seededRandom, systemClock, systemRandom, utf8 } from "../../../src/base/mod.ts";
import { type DeliveryOptions, patientDial, startDelivery } from "../../../src/delivery/remote/mod.ts";
import { domain, type Envelope, NO_DEMAND } from "../../../src/mail/mod.ts";
import { type Events, subscribe } from "../../../src/observe/mod.ts";
import { admit, allowPlaintext, confirmPeer, localPolicies } from "../../../src/policy/mod.ts";
import { type Destination, newQueueId, type QueueId } from "../../../src/queue/mod.ts";
import { memoryStore } from "../../../src/queue/store/mod.ts";
import { openSession, tcpDialer } from "../../../src/smtp/io/mod.ts";
import type { TrustStore } from "../../../src/tls/io/mod.ts";
import { staticResolver, type StaticZone } from "../../support/resolver.ts";

export interface RunOptions extends Partial<DeliveryOptions> {
  readonly trust: TrustStore;
  readonly zone: StaticZone;
  /** The local port that stands for port 25 of an address. */
  readonly ports: Readonly<Record<string, number>>;
  /** Addresses that never answer. */
  readonly holes?: readonly string[];
}

export interface Letter {
  readonly to: readonly string[];
  readonly body: string;
  readonly envelope?: Partial<Envelope>;
}

/** Delivers these over real sockets and returns one line per recipient and attempt, once each message had one. */
export async function deliverAll(
  letters: readonly Letter[],
  { trust, zone, ports, holes = [], ...more }: RunOptions,
): Promise<readonly Events["hopseal:attempt"][]> {
  await using store = memoryStore({ clock: systemClock });
  const lines: Events["hopseal:attempt"][] = [];
  const left = new Set<string>();
  const over = Promise.withResolvers<void>();
  using _listening = subscribe("hopseal:attempt", (line) => {
    if (!left.delete(`${line.id} ${line.to}`)) return;
    lines.push(line);
    if (left.size === 0) over.resolve();
  });
  for (const letter of letters) {
    const id = newQueueId(systemClock, systemRandom);
    for (const address of letter.to) left.add(`${id} ${address}`);
    await commit(store, id, letter);
  }
  const stop = new AbortController();
  const tcp = tcpDialer({ clock: systemClock });
  const dial = patientDial(
    (target, signal) =>
      holes.includes(target.address) ? never(signal) : tcp({ ...target, ...loopback(target, ports) }, signal),
    systemClock,
  );
  const session = {
    hostname: "mx1.rook.example",
    trust,
    clock: systemClock,
    gate: { confirmPeer, allowPlaintext, admit },
  };
  const delivery = startDelivery({
    store,
    clock: systemClock,
    random: seededRandom(1),
    resolver: staticResolver(zone),
    openSession: (target, decision, rung, signal) =>
      openSession(target, decision, rung, {
        ...session,
        dial,
        ...(signal === undefined ? {} : { signal }),
      }),
    routes: [],
    policies: localPolicies([]),
    hostname: domain("mx1.rook.example"),
    postmaster: { localPart: "postmaster", domain: domain("rook.example") },
    self: { names: [], addresses: [] },
    newQueueId: () => newQueueId(systemClock, systemRandom),
    signal: stop.signal,
    ...more,
  });
  try {
    await over.promise;
    return lines;
  } finally {
    stop.abort();
    await delivery.done;
  }
}

function never(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("the attempt was called off")), { once: true });
  });
}

function loopback(
  { address, port }: { readonly address: string; readonly port: number },
  ports: RunOptions["ports"],
): { readonly address: string; readonly port: number } {
  const local = port === 25 ? ports[address] : undefined;
  return local === undefined ? { address, port } : { address: "127.0.0.1", port: local };
}

async function commit(
  store: ReturnType<typeof memoryStore>,
  id: QueueId,
  { to, body, envelope }: Letter,
): Promise<void> {
  const sink = store.stage();
  await sink.write(utf8(body));
  const recipients = to.map((address) => {
    const at = address.lastIndexOf("@");
    return {
      mailbox: { localPart: address.slice(0, at), domain: domain(address.slice(at + 1)) },
      notify: "never",
    } as const;
  });
  const names = [...new Set(recipients.map(({ mailbox }) => mailbox.domain))];
  await store.commit(
    {
      id,
      acceptedAt: systemClock.now(),
      envelope: {
        reversePath: { kind: "mailbox", mailbox: { localPart: "ada", domain: domain("rook.example") } },
        recipients,
        body: "7bit",
        smtpUtf8: false,
        dsn: {},
        demand: NO_DEMAND,
        origin: { kind: "local" },
        content: {
          size: utf8(body).length,
          eightBit: false,
          bareCrLf: false,
          nul: false,
          endsInCrlf: true,
          longestLine: 100,
        },
        ...envelope,
      },
      units: names.map((name) => ({
        destination: name as string as Destination,
        recipients: recipients.flatMap(({ mailbox }, index) => (mailbox.domain === name ? [index] : [])),
      })),
    },
    await sink.finish(),
  );
}
