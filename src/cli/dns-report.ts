import type { Lookup, ProofNode, RawRecord } from "../dns/mod.ts";
import { presentRdata, presentRecord, typeName } from "../dns/io/mod.ts";
import { trustTree } from "./dns-tree.ts";

/** What `hopseal dns` was asked and found. */
export interface DnsFinding {
  readonly name: string;
  readonly type: string;
  readonly mode: "validate" | "trust-ad";
  readonly servers: readonly string[];
  readonly found: Lookup;
  /** Milliseconds. */
  readonly took: number;
}

/**
 * The finding as JSON, version 1. `proof` is there when asked for: each step with what it rests on as its `children`,
 * the anchors deepest.
 */
export function findingJson(finding: DnsFinding, explain: boolean): object {
  const { answer, proof } = finding.found;
  const { kind, chain } = answer;
  const judged =
    answer.kind === "failure" ? { cause: answer.cause, detail: answer.detail } : { security: answer.security };
  const expires = answer.kind !== "failure" && Number.isFinite(answer.expires) ? answer.expires : undefined;
  return {
    version: 1,
    name: finding.name,
    type: finding.type,
    mode: finding.mode,
    servers: finding.servers,
    took: Math.round(finding.took),
    kind,
    ...judged,
    chain,
    ...(expires === undefined ? {} : { expires: new Date(expires).toISOString() }),
    ...(answer.kind === "data" ? { records: answer.records.map(recordJson) } : {}),
    ...(explain ? { proof: proofJson(proof) } : {}),
  };
}

/** The finding for people, one line each. */
export function findingText(finding: DnsFinding, explain: boolean): readonly string[] {
  const { answer, proof } = finding.found;
  const subject = `${finding.name} ${finding.type}`;
  const verdict =
    answer.kind === "failure"
      ? `${answer.cause}: ${answer.detail}`
      : `${KINDS[answer.kind]}, ${MEANINGS[finding.mode][answer.security]}`;
  const aliases = answer.chain.map(
    ({ owner, target, security }) => `  ${owner}. is an alias of ${target}. (${security})`,
  );
  const records = answer.kind === "data" ? answer.records.map((record) => `  ${presentRecord(record)}`) : [];
  const tree = explain ? ["", ...trustTree(proof)] : [];
  return [`${subject}: ${verdict}`, ...aliases, ...records, ...tree];
}

function recordJson(record: RawRecord): object {
  return {
    owner: presentRecord(record).split(" ", 1)[0],
    type: typeName(record.type),
    ttl: record.ttl,
    data: presentRdata(record),
    rdata: Buffer.from(record.rdata).toString("hex"),
  };
}

function proofJson(node: ProofNode): object {
  const { kind, subject, verdict, detail, children } = node;
  return { kind, subject, verdict, detail, children: children.map(proofJson) };
}

const KINDS = { data: "data", nodata: "no record of this type", nxdomain: "no such name" } as const;
const MEANINGS = {
  validate: { secure: "secure (signed from the trust anchor down)", insecure: "insecure (proved to be unsigned)" },
  "trust-ad": {
    secure: "secure (so says the trusted server)",
    insecure: "insecure (the trusted server does not set AD)",
  },
} as const;
