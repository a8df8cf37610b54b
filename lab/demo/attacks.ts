import { styleText } from "node:util";
import { COLUMNS } from "../catalogue/mod.ts";
import { wrap } from "../report/wrap.ts";
import { runLab } from "../run/run.ts";
import { type CellResult, isAsExpected, type PolicyId, type Verdict } from "../types.ts";

/** One message under one policy, in one situation. */
export interface Attacked {
  readonly policy: PolicyId;
  /** The row of the threat catalogue. */
  readonly row: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly asExpected: boolean;
}

/** Plays the situations below under every policy, in the mini-Internet of the lab. */
export async function playAttacks(): Promise<readonly Attacked[]> {
  const rows = SITUATIONS.map(({ row }) => row);
  const { cells } = await runLab({ rows, policies: WAYS.map(({ policy }) => policy), seed: 1 });
  return WAYS.flatMap(({ policy }) =>
    rows.flatMap((row) => {
      const of = cells.filter((cell) => cell.row === row && cell.policy === policy);
      const [cell] = of.toSorted((a, b) => Number(isAsExpected(a)) - Number(isAsExpected(b)));
      return cell === undefined ? [] : [attackedOf(cell, of.every(isAsExpected))];
    }),
  );
}

function attackedOf({ policy, row, verdict, reason }: CellResult, asExpected: boolean): Attacked {
  return { policy, row, verdict, reason, asExpected };
}

/** For people who never heard of any of it. */
export function tellAttacks(attacks: readonly Attacked[], width: number): string {
  return [
    ...introduction(width),
    ...WAYS.flatMap((way) => tellWay(way, attacks, width)),
    ...conclusion(attacks, width),
  ].join("\n");
}

function introduction(width: number): readonly string[] {
  const widest = Math.max(...SITUATIONS.map(({ name }) => name.length));
  return [
    ...wrap(
      "Mail between servers may be encrypted, but nothing forces it to be, and encryption alone does not tell who is at the other end. There are several ways to ask for more. Each was tried in a small Internet that was started just now, with a DNS, certificates, mail hosts and an attacker of its own. One message was sent in each of these situations:",
      width,
    ),
    "",
    ...SITUATIONS.flatMap(({ name, about }) => indented(`  ${name.padEnd(widest)}  `, about, width)),
    "",
  ];
}

interface Way {
  readonly policy: PolicyId;
  readonly name: string;
  readonly about: string;
}

function tellWay({ policy, name, about }: Way, attacks: readonly Attacked[], width: number): readonly string[] {
  const widest = Math.max(...SITUATIONS.map((one) => one.name.length));
  const lines = SITUATIONS.flatMap((situation) => {
    const one = attacks.find((attack) => attack.policy === policy && attack.row === situation.row);
    if (one === undefined) return [];
    const { mark, colour, words } = FATES[one.verdict];
    const odd = one.asExpected ? "" : " (NOT what was expected)";
    const why = SAYS_WHY.has(one.verdict) ? `: ${spelt(one.reason)}` : "";
    const painted = styleText(colour, mark);
    return indented(
      `  ${painted} ${situation.name.padEnd(widest)}  `,
      `${words}${why}${odd}`,
      width,
      painted.length - 1,
    );
  });
  return [styleText("bold", name), ...indented("  ", about, width), ...lines, ""];
}

/** The lab's marks for domains as names. */
function spelt(reason: string): string {
  return reason.replaceAll(MARK, (mark) => DOMAINS.get(mark) ?? mark);
}

/** A head, and a text beside it over as many lines as it takes; `unseen` characters of the head take no room. */
function indented(head: string, text: string, width: number, unseen = 0): readonly string[] {
  const room = head.length - unseen;
  return wrap(text, width - room).map((line, at) => (at === 0 ? `${head}${line}` : `${" ".repeat(room)}${line}`));
}

function conclusion(attacks: readonly Attacked[], width: number): readonly string[] {
  const read = (policy: PolicyId): number =>
    attacks.filter((one) => one.policy === policy && GIVEN_AWAY.has(one.verdict)).length;
  const counts = WAYS.map(({ policy, name }) => `${name}: ${read(policy)}`).join(" · ");
  return [
    ...wrap(`Read by somebody else, of ${SITUATIONS.length} messages each: ${counts}.`, width),
    "",
    ...wrap(
      `These are ${SITUATIONS.length} of the attacks that "hopseal lab" plays; docs/threat-model.md shows them all, and says what no policy stops.`,
      width,
    ),
  ];
}

const SITUATIONS: readonly { readonly row: string; readonly name: string; readonly about: string }[] = [
  { row: "A01", name: "somebody listens", about: "Nobody interferes, but every octet is recorded on its way." },
  {
    row: "A04",
    name: "TLS is hidden",
    about: "Somebody on the way deletes the line by which the host offers encryption.",
  },
  {
    row: "B01",
    name: "a man in the middle",
    about: "Somebody on the way ends the encryption himself, with a certificate he made up.",
  },
  {
    row: "C01",
    name: "DNS is forged",
    about: "Somebody answers the question for the mail host with a host of his own.",
  },
  {
    row: "B05",
    name: "a CA is deceived",
    about: "As the man in the middle, with a genuine certificate that he should never have got.",
  },
];

const WAYS: readonly Way[] = [
  { policy: "P0", name: "No encryption", about: COLUMNS.P0.about },
  {
    policy: "P1",
    name: "Encryption when offered",
    about: "What most of the world does: encrypt when the host offers it, whoever it is.",
  },
  {
    policy: "P2",
    name: "Encryption always",
    about: "A rule of the sender's own: no encryption, no mail. Who is at the other end is not asked.",
  },
  {
    policy: "P3",
    name: "An agreement",
    about: "A rule of the sender's own that names the hosts of this recipient; they must show a genuine certificate.",
  },
  {
    policy: "P4",
    name: "A signed list",
    about: "The same for many recipients, from a list that somebody signs and distributes.",
  },
  {
    policy: "P5t",
    name: "MTA-STS, on trial",
    about: "The recipient publishes its hosts on a web server, and for now wants to be told only.",
  },
  {
    policy: "P5f",
    name: "MTA-STS, first contact",
    about: "The recipient publishes its hosts on a web server, and means it. We ask for the first time.",
  },
  {
    policy: "P5c",
    name: "MTA-STS, remembered",
    about: "The same; what it published is remembered from an earlier message.",
  },
  {
    policy: "P6",
    name: "DANE",
    about: "The recipient publishes the key of its host in DNS, and DNS is signed from the root down.",
  },
  {
    policy: "P7",
    name: "REQUIRETLS",
    about: "The message itself asks every host on its way for proof, and comes back if it cannot be had.",
  },
];

interface Told {
  readonly mark: string;
  readonly colour: "green" | "yellow" | "red";
  readonly words: string;
}

const FATES: Readonly<Record<Verdict, Told>> = {
  S: { mark: "✓", colour: "green", words: "arrived, encrypted, at a host that proved who it is" },
  U: { mark: "~", colour: "yellow", words: "arrived, encrypted, at a host that nobody asked for proof" },
  C: { mark: "✗", colour: "red", words: "READ BY OTHERS: sent without encryption" },
  "C*": { mark: "✗", colour: "red", words: "READ BY OTHERS: sent without encryption" },
  "D→C": { mark: "✗", colour: "red", words: "READ BY OTHERS: kept back for a while, then sent without encryption" },
  I: { mark: "✗", colour: "red", words: "READ BY THE ATTACKER: encrypted for him" },
  D: { mark: "✓", colour: "green", words: "kept back and tried again later" },
  B: { mark: "✓", colour: "green", words: "returned to its sender" },
  X: { mark: "✓", colour: "green", words: "not sent, and the sender was told" },
  LOST: { mark: "✗", colour: "red", words: "LOST" },
  DUP: { mark: "✗", colour: "red", words: "delivered twice" },
  ERROR: { mark: "✗", colour: "red", words: "the demo itself failed" },
};
const MARK = /(?<=^|[\s.])[TEP](?=$|[\s.,:;])/g;
const DOMAINS: ReadonlyMap<string, string> = new Map([
  ["T", "pine.example"],
  ["E", "evil.example"],
  ["P", "provider.example"],
]);
const SAYS_WHY: ReadonlySet<Verdict> = new Set(["D", "B", "ERROR", "LOST"]);
const GIVEN_AWAY: ReadonlySet<Verdict> = new Set(["C", "C*", "D→C", "I"]);
