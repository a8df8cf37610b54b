import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { type Dial, tcpDialer } from "../../src/smtp/io/mod.ts";
import type { HttpsStep } from "../types.ts";
import { type Authority, type Chain, labAuthority } from "./authority.ts";
import { type Cell, type CellPlan, openCell } from "./cell.ts";
import { LAB_START, type LabClock } from "./clock.ts";
import { openDnsFront } from "./dns_front.ts";
import { growTree, TOP, type ZonePlan } from "./dns_tree.ts";
import { openMailHost } from "./mail_host.ts";
import { addressOf } from "./names.ts";
import { policyHost, type PolicyHost } from "./policy_host.ts";
import { type CellRecorder, cellRecorder } from "./record.ts";

/** The mini-Internet: one DNS, one CA, and a victim with its attacker for every cell. */
export interface World extends AsyncDisposable {
  readonly cells: readonly Cell[];
  readonly authority: Authority;
  /** A certificate for the sender itself. */
  readonly own: Chain;
  /** The trust anchor of the lab's DNS, as a file has it. */
  readonly anchors: string;
  readonly dnsPort: number;
  readonly httpsPort: number;
  /** Questions to DNS so far. */
  readonly asked: readonly string[];
  /** Notices that came back to senders. */
  readonly returned: CellRecorder;
  /** Connects to whoever stands at an address of the lab; nobody does at any other. */
  readonly dial: Dial;
  /** Names of hosts that were dialled at addresses that are not the lab's. */
  readonly strangers: ReadonlySet<string>;
  cellOf(domain: string): Cell | undefined;
}

export async function openWorld(plans: readonly CellPlan[], clock: LabClock): Promise<World> {
  await using undo = new AsyncDisposableStack();
  const authority = labAuthority();
  const start = Math.floor(LAB_START / 1000);
  const dates = { inception: start - 30 * DAY, expiration: start + 90 * DAY };
  const ground = { authority, undo, stir: clock.stir, dates, start: LAB_START };
  const cells: Cell[] = [];
  for (const plan of plans) cells.push(await openCell(plan, ground));
  const byDomain = new Map(
    cells.flatMap((cell) => Object.values(cell.names.domains).map((name) => [name, cell] as const)),
  );
  const cellOf = (name: string): Cell | undefined => byDomain.get(name.split(".").slice(-2).join("."));
  const strangers = new Set<string>();
  const onHello = (name: string): void => {
    const cell = cellOf(name);
    if (cell?.plan.attack.mustNotDial?.some((one) => cell.names.spell(one) === name) === true) strangers.add(name);
  };
  const https = undo.use(await policyHost({ onHello }));
  for (const cell of cells) servePolicies(https, cell, authority);
  const inward = cells.filter(({ plan }) => plan.attack.mustNotDial?.includes("mta-sts.T") === true);
  for (const address of inward.length === 0 ? [] : INWARD) {
    const trap = await policyHost({ address, port: https.port, onHello });
    undo.use(trap);
    for (const cell of inward) servePolicies(trap, cell, authority);
  }
  const returned = cellRecorder();
  const returns = undo.use(
    await openMailHost({ name: RETURN_HOST, requireTls: false, recorder: "dsn", record: returned, stir: clock.stir }),
  );
  const tree = growTree([...cells.flatMap(({ zones }) => zones), ...own()], dates);
  const dns = undo.use(
    await openDnsFront({ tree, trick: (name, type) => cellOf(name)?.trick(name, type), stir: clock.stir }),
  );
  const book = new Map(cells.flatMap(({ wires }) => [...wires]));
  const tcp = tcpDialer({ clock });
  const kept = undo.move();
  return {
    cells,
    authority,
    own: authority.issue({}, { names: [SENDER_HOST] }),
    anchors: tree.anchors,
    dnsPort: dns.port,
    httpsPort: https.port,
    asked: dns.asked,
    returned,
    strangers,
    async dial(target, signal): Promise<Duplex> {
      clock.stir();
      const wire = book.get(target.address);
      if (wire?.attack?.kind === "drop") return await never(clock, signal);
      const port = target.address === addressOf(RETURN_HOST) ? returns.port : (wire?.port ?? CLOSED);
      if (port === CLOSED) strangers.add(target.host);
      return await tcp(
        { ...target, address: "127.0.0.1", port: wire?.attack?.kind === "refuse" ? CLOSED : port },
        signal,
      );
    },
    cellOf,
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

/** Zones that the sender itself needs: two that show whether DNSSEC works, and the one where its notices go. */
function own(): readonly ZonePlan[] {
  return [
    { name: `secure.${TOP}`, signed: true, records: [] },
    {
      name: `bogus.${TOP}`,
      signed: true,
      records: [`bogus.${TOP} A 10.0.0.1`],
      signing: { ds: "wrong" },
    },
    {
      name: SENDER_DOMAIN,
      signed: false,
      records: [`${SENDER_DOMAIN} MX 10 ${RETURN_HOST}`, `${RETURN_HOST} A ${addressOf(RETURN_HOST)}`],
    },
  ];
}

/** The attacker's own policy host does nothing odd. */
function servePolicies(https: PolicyHost, { names, plan, served }: Cell, authority: Authority): void {
  for (const [host, text] of served) {
    const step = host === names.spell("mta-sts.T") ? plan.attack.https : undefined;
    const spec = step?.kind === "certificate" ? step.certificate : {};
    const { pem, key } = authority.issue(spec, { names: (spec.names ?? [host]).map(names.spell) });
    const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n`;
    https.behave(host, {
      certificate: { chain: pem, key },
      answer: answerOf(step, { honest: head + text, spell: names.spell }),
      ...(step?.kind === "refuse" ? { refuse: true } : {}),
    });
  }
}

interface Answering {
  readonly honest: string;
  readonly spell: (text: string) => string;
}

function answerOf(step: HttpsStep | undefined, { honest, spell }: Answering): string | ((socket: TLSSocket) => void) {
  switch (step?.kind) {
    case undefined:
    case "refuse":
    case "certificate":
      return honest;
    case "answer": {
      const [head = "", ...body] = spell(step.text).split("\r\n\r\n");
      const rest = body.join("\r\n\r\n");
      return `${head.replace("LENGTH", String(Buffer.byteLength(rest)))}\r\n\r\n${rest}`;
    }
    case "silence":
      return () => undefined;
    case "slow":
      return (socket) => void socket.write(honest.slice(0, -20));
    case "endless":
      return (socket) => {
        const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
        socket.write(head + `1000\r\n${"x".repeat(0x1000)}\r\n`.repeat(40));
      };
    default:
      return step satisfies never;
  }
}

/** As a system gives up whose SYN is not answered. */
async function never(clock: LabClock, signal: AbortSignal): Promise<never> {
  const gone = new AbortController();
  using _timer = clock.after(SYN_DEADLINE, () => gone.abort());
  const either = AbortSignal.any([signal, gone.signal]);
  if (!either.aborted) await new Promise((resolve) => either.addEventListener("abort", resolve, { once: true }));
  throw new Error("no connection within 30 s");
}

export const SENDER_DOMAIN: string = `sender.${TOP}`;
export const SENDER_HOST: string = `mx.${SENDER_DOMAIN}`;
const RETURN_HOST = `return.${SENDER_DOMAIN}`;
/** Where policy hosts must not be asked although one answers there: not where the lab's own is. */
const INWARD = ["127.0.0.2"];
const SYN_DEADLINE = 30_000;
/** Nobody listens there. */
const CLOSED = 1;
/** Seconds. */
const DAY = 86_400;
