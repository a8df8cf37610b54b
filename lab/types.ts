/**
 * What the lab speaks of: the columns, what can come of a message, a row of the threat catalogue as data, and results. A
 * scenario is data alone, so that a row can be read, printed, and played against any sender.
 *
 * Names in scenarios end in a mark that stands for a domain of the cell: "T" is the victim ("mx.T"), "E" a domain that the
 * attacker owns ("mx.E"), "P" a provider who hosts for the victim ("mx.P"). Each cell has its own.
 */

/** What the sender demands of the victim's domain; catalogue part 0. */
export const POLICIES = ["P0", "P1", "P2", "P3", "P4", "P5t", "P5f", "P5c", "P6", "P7", "P8", "P9"] as const;
export type PolicyId = (typeof POLICIES)[number];

/**
 * What came of the message. S safe · U over TLS to the true host, unproved · C in clear · I in the attacker's TLS or at his
 * host · D deferred · B returned · X nothing was sent, the user was told. LOST and DUP mean that the sender is broken, ERROR
 * that the lab is: its two searches disagree, or a part of it failed.
 */
export const OUTCOMES = ["S", "U", "C", "I", "D", "B", "X", "LOST", "DUP", "ERROR"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** "C*": in clear by the ordinary fallback, and nothing that the attacker injected was used. "D→C": deferred, then in clear. */
export type Verdict = Outcome | "C*" | "D→C";

/** Who is told: R a failure in the TLS report of the day, L the log or the metrics here, N nobody. */
export interface Alert {
  readonly kind: "R" | "L" | "N";
  /** The result types of RFC 8460 §4.3 in the tally, sorted; for R. */
  readonly results?: readonly string[];
  /** The reason in the log; for L and R. */
  readonly reason?: string;
}

/** Where the attacker stands; catalogue part 0. */
export type Position = "PA" | "AC" | "DN" | "RR" | "CA" | "HP" | "RG" | "MC" | "MS" | "OP";

/** One row of the catalogue, played once per variant and column. */
export interface Scenario {
  /** As in the catalogue, e.g. "A04". */
  readonly row: string;
  readonly position: Position;
  /** One at least. The worst outcome of all stands in the matrix. */
  readonly variants: readonly Variant[];
  /** Columns that are played; default all for which there is an expectation and which the lab has. */
  readonly policies?: readonly PolicyId[];
  /** Where the catalogue's expectation is wrong, or says nothing. */
  readonly expect?: Expectations;
  /** P7 lies over P5c, or over P6 in rows about DNS and DANE (catalogue part 0). */
  readonly base?: "P5c" | "P6";
}

export interface Variant {
  /** Unique in its row: "454", "nxdomain"; "" for the only one. */
  readonly id: string;
  readonly attack: Attack;
  /** Columns for which this variant is played; default as the row. */
  readonly policies?: readonly PolicyId[];
  readonly expect?: Expectations;
}

/** Per column, what must come of it instead of what the catalogue says, and the section that says so. */
export type Expectations = { readonly [policy in PolicyId]?: Corrected };

export interface Corrected {
  readonly verdict: Verdict;
  /** e.g. "RFC 8689 §4.1: …"; one line. */
  readonly because: string;
}

/** All that differs from an honest world in one cell. Every part may be missing: an attacker who does nothing. */
export interface Attack {
  /** What the domains publish and what their hosts show, where that itself is wrong. */
  readonly world?: WorldChange;
  /** What happens to DNS answers on their way to the sender. */
  readonly dns?: readonly DnsMutator[];
  /** What the victim's policy host does. */
  readonly https?: HttpsStep;
  /** By name of a host: what happens on the wire to it. */
  readonly smtp?: Readonly<Record<string, WireAttack>>;
  /** The clock of the sender is so far off. */
  readonly clockOffset?: number;
  /** After the first attempt time moves on so far, and the outcome is that of the next one. Milliseconds. */
  readonly later?: readonly Move[];
  readonly message?: MessageSpec;
  /** A policy list of the cell's own, which has the victim's domain. */
  readonly list?: ListSpec;
  /** What goes to the victim before it, while the attacker does only this. */
  readonly ahead?: Ahead;
  /** The local rule of P3 asks for proof and names no host. */
  readonly ruleWithoutHosts?: true;
  /** A local rule switches protection off until the day so many milliseconds after the lab's start. */
  readonly exceptionUntil?: number;
  /** Words that the log must have about the cell in the end; where they lack, the cell is an ERROR. */
  readonly mustTell?: readonly string[];
  /** Mail for the recipient's domain goes to this host by the sender's own configuration, whatever DNS says. */
  readonly relay?: string;
  /** Octets that the attacker injects and that must have no effect: seen at an honest host, the cell is an ERROR. */
  readonly mustNotAct?: string;
  /** Hosts to which no connection may be tried; if one is, the cell is an ERROR. */
  readonly mustNotDial?: readonly string[];
}

export interface Move {
  readonly by: number;
  /** The sender's wall clock is set forward so far at first, and nothing else is. Milliseconds. */
  readonly clock?: number;
  /** At first the sender is killed, and starts again with what lies on its disk. */
  readonly restart?: true;
  /** What the attacker does from then on; default as before. */
  readonly attack?: Omit<Attack, "later" | "clockOffset" | "message" | "world" | "ahead" | "mustTell">;
}

/** Messages to another mailbox of the victim, one after the other. */
export interface Ahead {
  readonly messages: readonly MessageSpec[];
  readonly smtp?: Attack["smtp"];
  /** Milliseconds that pass then; default none. */
  readonly gap?: number;
}

/** A list that lies where the sender looks for it; in a move, from then on. */
export interface ListSpec {
  /** By the key that the sender was told; the sender is told one when the first list of the cell is signed. */
  readonly signed?: true;
  readonly flaw?: "changed-after-signing" | "strange-key" | "no-signature";
  /** Default the victim's. */
  readonly mx?: readonly string[];
  readonly mode?: "enforce" | "testing";
  /** Milliseconds from the lab's start; default a day before. */
  readonly issued?: number;
  /** Default two weeks after it. */
  readonly ends?: number;
}

/** Records in relative text, e.g. "mx.T A 10.66.0.1", "T MX 10 mx.T". */
export interface WorldChange {
  /** Default: signed in P6 and where P7 lies over it. */
  readonly signed?: boolean;
  /** Names of the victim's MX hosts, the best first; default "mx.T". Its policies name them too. */
  readonly mx?: readonly string[];
  /** Of the attacker's or the provider's domain; default unsigned. */
  readonly signedOthers?: boolean;
  /** Taken out before `add`, e.g. "T MX". */
  readonly remove?: readonly string[];
  readonly add?: readonly string[];
  /** TLSA of a host of the cell from its certificate, e.g. { at: "_25._tcp.mx.T", numbers: "3 1 1", of: "mx.T" }. */
  readonly tlsa?: readonly TlsaSpec[];
  /** By name, beside or instead of the honest "mx.T". Each has an address unless `add` says otherwise. */
  readonly hosts?: Readonly<Record<string, HostSpec>>;
  /** The lines of the victim's MTA-STS policy; default those of an honest one. */
  readonly sts?: StsSpec;
  /** The attacker has a policy of its own, which names these hosts. */
  readonly stsOfE?: readonly string[];
  /** How the zone was signed; for rows about signing. */
  readonly signing?: SigningSpec;
}

export interface TlsaSpec {
  readonly at: string;
  /** Usage, selector, matching type. */
  readonly numbers: string;
  /** The host whose leaf, or whose certificate number `nth` counted from the leaf, is hashed. */
  readonly of?: string;
  readonly nth?: number;
  /** In hexadecimal, instead. */
  readonly data?: string;
}

export interface StsSpec {
  readonly mode?: "enforce" | "testing" | "none";
  readonly mx?: readonly string[];
  readonly maxAge?: number;
  /** The whole text instead, with names in it. */
  readonly text?: string;
  /** Hosts of the policy that a sender in P5c knows from before, under the id "1"; default the victim's. */
  readonly stored?: readonly string[];
  /** The domain that it knows the policy of; default "T". */
  readonly storedFor?: string;
  /** TXT at "_mta-sts.T"; null for none. */
  readonly txt?: readonly string[] | null;
}

export interface SigningSpec {
  /** Milliseconds from the lab's start, before or after. */
  readonly inception?: number;
  readonly expiration?: number;
  /** "none": the zone is signed, and its parent proves that it has no DS. "unknown": an algorithm that nobody knows. */
  readonly ds?: "none" | "unknown" | "wrong";
  /** So many keys of one tag, and by that tag as many signatures over every record set, none of which is right. */
  readonly colliding?: number;
  /** Names that are not there are denied by NSEC3, with so many rounds more than one. */
  readonly rounds?: number;
}

/** A host for mail. */
export interface HostSpec {
  /** Whose it is; what reaches an attacker's host is his. */
  readonly owner: "victim" | "attacker";
  readonly certificate?: CertificateSpec;
  /** Offers none. */
  readonly starttls?: false;
  /** Lists REQUIRETLS inside TLS; default true for the victim's in P7. */
  readonly requireTls?: boolean;
  /** Most that it speaks. */
  readonly tls?: TlsVersion;
  readonly ciphers?: string;
  /** Gives what it takes to this host, in clear; "list" does so as a list of its own. */
  readonly passesOn?: { readonly to: string; readonly as: "relay" | "list" };
}

export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

/** A certificate chain, made by the lab's CA unless something is wrong with it. */
export interface CertificateSpec {
  /** dNSName entries; default the name of the host. Other kinds as in `mint`: "ip:…", "uri:…", "dir:…", "email:…". */
  readonly names?: readonly string[];
  readonly commonName?: string;
  /** "lab": trusted by everybody. "stranger": a CA that nobody trusts. "self": self-signed. */
  readonly by?: "lab" | "stranger" | "self";
  readonly flaw?: CertificateFlaw;
  /** The chain that is sent has this many CAs between leaf and root; default none. */
  readonly intermediates?: number;
  /** Leaves out of what is sent: "intermediates" or nothing. The root is sent only when asked for. */
  readonly omit?: "intermediates";
  readonly sendRoot?: boolean;
  /** The key is that of this host of the cell, as if stolen. */
  readonly keyOf?: string;
}

export type CertificateFlaw =
  | "expired"
  | "not-yet-valid"
  | "client-purpose"
  | "issuer-no-ca"
  | "path-length"
  | "name-constraints"
  | "critical-unknown"
  | "rsa-1024"
  | "giant-key"
  | "explicit-curve"
  | "sha1";

/** What is done to the answer for one question, e.g. "T MX", "_25._tcp.mx.T TLSA", "T DNSKEY", or "* A" for every name. */
export interface DnsMutator {
  readonly at: string;
  readonly does: DnsTrick;
  /** Only the answers with these numbers, counted from 1; default all. */
  readonly times?: readonly number[];
}

export type DnsTrick =
  | { readonly kind: "servfail" | "refused" | "silence" | "truncate" | "nxdomain" | "nodata" }
  /** One bit of every signature is turned over. */
  | { readonly kind: "bogus" }
  /** Signatures and proofs are taken out. */
  | { readonly kind: "unsigned" }
  /** These records instead, without signatures; with `ad` the AD bit is set. */
  | { readonly kind: "forge"; readonly records: readonly string[]; readonly ad?: true };

export type HttpsStep =
  | { readonly kind: "refuse" | "silence" }
  | { readonly kind: "certificate"; readonly certificate: CertificateSpec }
  /** The whole answer, its line ends as they must be; "LENGTH" stands for the length of its body. */
  | { readonly kind: "answer"; readonly text: string }
  | { readonly kind: "slow" | "endless" };

/** What the man in the middle does on one link. */
export type WireAttack =
  | OneAttack
  /** One thing to the first connection, another to the next; the last of them from then on. */
  | { readonly kind: "in-turn"; readonly turns: readonly Exclude<OneAttack, { readonly kind: "refuse" | "drop" }>[] };

export type OneAttack =
  /** Reset at once, or no answer to SYN. */
  | { readonly kind: "refuse" | "drop" }
  | { readonly kind: "script"; readonly steps: readonly WireStep[]; readonly split?: "octets" }
  /** Plays the host, with TLS that he ends himself, and sends on what he reads. */
  | {
      readonly kind: "terminate";
      readonly certificate: CertificateSpec;
      /** Has the keys of the host's session tickets. */
      readonly tickets?: true;
    };

/** Commands by verb, in upper case; "greeting" before the first of them; "hello" is the first octets after a 220 to STARTTLS. */
export type WireMoment = "greeting" | "EHLO" | "HELO" | "STARTTLS" | "hello" | "MAIL" | "RCPT" | "DATA" | "QUIT";

export type WireStep = {
  readonly on: WireMoment;
} /** Lines of the reply that begin so are left out; the last line stays a last line. */ & (
  | { readonly kind: "drop-lines"; readonly beginning: string }
  | { readonly kind: "replace"; readonly from: string; readonly to: string }
  /** Behind the host's reply, in the same segment. */
  | { readonly kind: "inject"; readonly text: string }
  /** In place of the host, which never sees the command. */
  | { readonly kind: "answer"; readonly text: string }
  /** Before the host says anything, and beside what it says. */
  | { readonly kind: "early"; readonly text: string }
  /** The command reaches the host so. */
  | { readonly kind: "rewrite"; readonly to: string }
  /** When the command has come, or its reply is about to go on. */
  | { readonly kind: "reset" | "close" | "blackhole"; readonly when: "command" | "reply" }
  /** Hellos longer than one packet vanish. */
  | { readonly kind: "small-only" }
);

export interface MessageSpec {
  /** The domain of its recipient, as the client writes it; default "T". */
  readonly domain?: string;
  readonly requireTls?: boolean;
  /** `TLS-Required: No` in its header. */
  readonly tlsRequiredNo?: true;
  /** More fields of its header. */
  readonly fields?: readonly string[];
  /** Goes to an alias of the sender's own, which leads to the victim. */
  readonly by?: "alias" | "two-aliases";
  /** Handed in by a client that may not send anywhere. */
  readonly stranger?: true;
}

/** Where octets were recorded. */
export const RECORDERS = ["wire.clear", "mitm.tls", "evil.mx", "real.mx", "dsn", "log"] as const;
export type Recorder = (typeof RECORDERS)[number];

/** One variant in one column. */
export interface CellResult {
  readonly row: string;
  readonly policy: PolicyId;
  readonly variant: string;
  readonly verdict: Verdict;
  readonly expected: Verdict;
  /** Where the expectation is not the catalogue's. */
  readonly corrected?: string;
  readonly alert: Alert;
  /** What is wrong with who was told; one line. */
  readonly wrongAlert?: string;
  /** Why the sender did what it did, in one line of its own words. */
  readonly reason: string;
  /** Where the canary was seen, and how often. */
  readonly evidence: readonly { readonly recorder: Recorder; readonly times: number }[];
}

/** What a row in free text claims, and whether it held. */
export interface ClaimResult {
  readonly row: string;
  readonly claim: string;
  readonly held: boolean;
  /** What was seen, in one line without times and ports. */
  readonly seen: string;
}

/** Sorted by row, column and variant; the same seed gives the same octets. */
export interface LabResult {
  readonly version: 1;
  readonly seed: number;
  readonly cells: readonly CellResult[];
  readonly claims: readonly ClaimResult[];
}

/** Whether the sender did what it must; what the exit status says of the whole. */
export function isAsExpected({
  verdict,
  expected,
  wrongAlert,
}: Pick<CellResult, "verdict" | "expected" | "wrongAlert">): boolean {
  return verdict === expected && wrongAlert === undefined;
}
