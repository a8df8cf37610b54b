import { openWire, type Wire } from "../attack/wire.ts";
import type { Attack, CertificateSpec, DnsTrick, HostSpec, PolicyId, OneAttack } from "../types.ts";
import type { Authority, Chain } from "./authority.ts";
import { hostsOf, stsText, stsTextOfE, type ZoneDates, zonesOf } from "./cell_zones.ts";
import type { ZonePlan } from "./dns_tree.ts";
import { type MailHostOptions, openMailHost } from "./mail_host.ts";
import { addressOf, type CellId, type CellNames, cellNames } from "./names.ts";
import { passOn } from "./pass_on.ts";
import { type CellRecorder, cellRecorder } from "./record.ts";

/** A cell before it is built. */
export interface CellPlan extends CellId {
  readonly attack: Attack;
  /** What the victim publishes: that of the column, or what P7 lies over. */
  readonly base: Exclude<PolicyId, "P7">;
}

/** A cell with its domains, hosts and the attacker between them. */
export interface Cell {
  readonly plan: CellPlan;
  readonly names: CellNames;
  readonly zones: readonly ZonePlan[];
  readonly record: CellRecorder;
  /** By address. */
  readonly wires: ReadonlyMap<string, Wire>;
  /** The text of the victim's MTA-STS policy; absent when it has none. */
  readonly stsPolicy?: string;
  /** Policies that are served, by the name of their host. */
  readonly served: ReadonlyMap<string, string>;
  trick(name: string, type: string): DnsTrick | undefined;
  /** What goes ahead is through. */
  begin(): void;
  /** What the attacker does from now on. */
  turn(attack: Attack): void;
}

export interface Ground extends ZoneDates {
  readonly authority: Authority;
  readonly undo: AsyncDisposableStack;
  readonly stir: () => void;
}

export async function openCell(plan: CellPlan, ground: Ground): Promise<Cell> {
  const names = cellNames(plan);
  const record = cellRecorder();
  const change = plan.attack.world ?? {};
  const chains = chainsOf(plan, names, ground.authority);
  const wires = new Map<string, Wire>();
  for (const [host, spec] of Object.entries(hostsOf(change))) {
    const wire = await openHost({ host, spec, plan, names, record, chains, wires }, ground);
    wires.set(addressOf(names.spell(host)), wire);
  }
  const stsPolicy = stsText(plan, names);
  const texts = [["mta-sts.T", stsPolicy] as const, ["mta-sts.E", stsTextOfE(plan, names)] as const];
  let { attack } = plan;
  const counts = new Map<string, number>();
  return {
    plan,
    names,
    zones: zonesOf({ plan, names, chains }, ground),
    record,
    wires,
    ...(stsPolicy === undefined ? {} : { stsPolicy }),
    served: new Map(texts.flatMap(([host, text]) => (text === undefined ? [] : [[names.spell(host), text] as const]))),
    trick: (name, type) => trickOf({ attack, names, counts }, name, type),
    begin() {
      if (plan.attack.ahead === undefined) return;
      for (const host of Object.keys(hostsOf(change))) {
        const wire = wires.get(addressOf(names.spell(host)));
        if (wire !== undefined) wire.attack = plan.attack.smtp?.[host];
      }
    },
    turn(next) {
      attack = next;
      for (const [host, does] of Object.entries(next.smtp ?? {})) {
        const wire = wires.get(addressOf(names.spell(host)));
        if (wire !== undefined) wire.attack = does;
      }
    },
  };
}

interface HostParts {
  readonly host: string;
  readonly spec: HostSpec;
  readonly plan: CellPlan;
  readonly names: CellNames;
  readonly record: CellRecorder;
  readonly chains: ReadonlyMap<string, Chain>;
  readonly wires: ReadonlyMap<string, Wire>;
}

async function openHost(parts: HostParts, ground: Ground): Promise<Wire> {
  const { host, spec, plan, names, record, chains } = parts;
  const { stir, undo, authority } = ground;
  const name = names.spell(host);
  const chain = spec.starttls === false ? undefined : chains.get(host);
  const impostors = impostorOf(host, plan.attack);
  const tickets = impostors?.tickets === true ? { ticketKeys: Buffer.alloc(48, name) } : {};
  const real = undo.use(
    await openMailHost({
      name,
      ...(chain === undefined ? {} : { chain }),
      requireTls: spec.requireTls ?? plan.policy === "P7",
      ...(spec.tls === undefined ? {} : { tls: spec.tls }),
      ...(spec.ciphers === undefined ? {} : { ciphers: spec.ciphers }),
      recorder: spec.owner === "victim" ? "real.mx" : "evil.mx",
      record,
      stir,
      ...tickets,
      ...passOnOf(parts),
    }),
  );
  const { smtp, ahead } = plan.attack;
  const attack = (ahead === undefined ? smtp : ahead.smtp)?.[host];
  const impostor =
    impostors === undefined
      ? undefined
      : undo.use(
          await openMailHost({
            name,
            chain: issued(impostors.certificate, host, { names, authority, chains }),
            requireTls: true,
            recorder: "mitm.tls",
            record,
            stir,
            ...tickets,
          }),
        );
  return undo.use(
    await openWire({
      host: real.port,
      ...(impostor === undefined ? {} : { impostor: impostor.port }),
      ...(attack === undefined ? {} : { attack }),
      record,
      stir,
    }),
  );
}

/** The attacker who ends TLS on the wire to a host, now, before or later. */
function impostorOf(host: string, whole: Attack): Extract<OneAttack, { kind: "terminate" }> | undefined {
  const moves = (whole.later ?? []).map((move) => move.attack?.smtp);
  const all = [whole.smtp, whole.ahead?.smtp, ...moves].map((smtp) => smtp?.[host]);
  const single = all.flatMap((one): readonly (OneAttack | undefined)[] =>
    one?.kind === "in-turn" ? one.turns : [one],
  );
  return single.find((one) => one?.kind === "terminate");
}

/** To the wire of the other host, so that the network sees it. */
function passOnOf({ spec, names, wires }: HostParts): Pick<MailHostOptions, "passOn"> {
  const { passesOn } = spec;
  if (passesOn === undefined) return {};
  const next = names.spell(passesOn.to);
  const from = passesOn.as === "list" ? "list-bounces@T" : "relayed@T";
  return {
    passOn: async (content) => {
      const port = wires.get(addressOf(next))?.port;
      if (port === undefined) throw new Error(`There is no ${next}`);
      await passOn(content, { port, from: names.spell(from), to: names.spell("bo@T") });
    },
  };
}

/** Of every host of the cell that has one. */
function chainsOf(plan: CellPlan, names: CellNames, authority: Authority): ReadonlyMap<string, Chain> {
  const chains = new Map<string, Chain>();
  for (const [host, { certificate = {} }] of Object.entries(hostsOf(plan.attack.world ?? {})))
    chains.set(host, issued(certificate, host, { names, authority, chains }));
  return chains;
}

function issued(
  spec: CertificateSpec,
  host: string,
  by: { readonly names: CellNames; readonly authority: Authority; readonly chains: ReadonlyMap<string, Chain> },
): Chain {
  const stolen = spec.keyOf === undefined ? undefined : by.chains.get(spec.keyOf);
  return by.authority.issue(spec, {
    names: (spec.names ?? [host]).map(by.names.spell),
    ...(stolen === undefined ? {} : { stolen }),
  });
}

interface Tricking {
  readonly attack: Attack;
  readonly names: CellNames;
  readonly counts: Map<string, number>;
}

function trickOf({ attack, names, counts }: Tricking, name: string, type: string): DnsTrick | undefined {
  for (const { at, does, times } of attack.dns ?? []) {
    const [owner = "", wanted = ""] = names.spell(at).split(" ");
    const below = owner.startsWith("*.") && (name === owner.slice(2) || name.endsWith(owner.slice(1)));
    if ((owner !== name && !below) || (wanted !== "*" && wanted !== type)) continue;
    const count = (counts.get(at) ?? 0) + 1;
    counts.set(at, count);
    if (times !== undefined && !times.includes(count)) continue;
    return does.kind === "forge" ? { ...does, records: does.records.map(names.spell) } : does;
  }
  return undefined;
}
