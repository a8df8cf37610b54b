import type { ContentFacts } from "../mail/mod.ts";
import { isClean, type Measure, measure } from "./measure.ts";
import { IDENTITY, type Part, typeOf } from "./part.ts";
import type { Refusal } from "./types.ts";
import type { Visitor } from "./walk.ts";

/** What is to be done to a part. `relabel`: its inside is 7-bit now; `rewrap`: base64 in lines of its own. */
export type Treatment = "keep" | "relabel" | "rewrap" | "quoted-printable" | "base64";

export interface Planner {
  readonly visitor: Visitor;
  /** By index of the part. */
  readonly treatments: readonly Treatment[];
  /** The first thing that speaks against converting. */
  readonly refusal: Refusal | undefined;
}

/** Looks at every part once and decides what it needs; changes nothing. */
export function planner(): Planner {
  const treatments: Treatment[] = [];
  let refusal: Refusal | undefined;
  let current: Part | undefined;
  let meter: Measure = measure();
  let around: Measure = measure();
  let aroundSealed: string | undefined;

  const closeFiller = (): void => {
    if (aroundSealed !== undefined && !isClean(around.facts())) refusal ??= { kind: "signed", by: aroundSealed };
    around = measure();
    aroundSealed = undefined;
  };
  return {
    treatments,
    get refusal() {
      return refusal;
    },
    visitor: {
      header(part) {
        closeFiller();
        const { fault, encoding } = part.header;
        if (fault !== undefined) refusal ??= { kind: "header", detail: fault };
        const labelled = encoding !== undefined && encoding !== "7bit" && IDENTITY.has(encoding);
        treatments[part.index] = labelled && part.sealed === undefined ? "relabel" : "keep";
        current = part;
        meter = measure();
      },
      body: (piece) => meter.add(piece),
      leafEnd() {
        if (current === undefined) return;
        const judged = judge(current, meter.facts());
        if (typeof judged === "object") refusal ??= judged;
        else if (judged !== "keep") treatments[current.index] = judged;
      },
      filler(piece, sealed) {
        aroundSealed ??= sealed;
        around.add(piece);
      },
      delimiter: closeFiller,
      end: closeFiller,
    },
  };
}

function judge(part: Part, facts: ContentFacts): Treatment | Refusal {
  if (isClean(facts)) return "keep";
  if (part.sealed !== undefined) return { kind: "signed", by: part.sealed };
  if (part.fault !== undefined) return { kind: "malformed", detail: part.fault };
  const { encoding } = part.header;
  const type = typeOf(part.header, { inDigest: false });
  if (encoding === "base64") return "rewrap";
  if (encoding !== undefined && !IDENTITY.has(encoding))
    return { kind: "malformed", detail: `a part in ${encoding} is not 7-bit` };
  // RFC 2046 §5.2.2, §5.2.3: such a message must be 7-bit already; RFC 6532 §3.7 lets the global ones be encoded.
  if (type.startsWith("message/") && !type.startsWith("message/global"))
    return { kind: "malformed", detail: `${type} may not be encoded` };
  return type.startsWith("text/") && !facts.nul && !facts.bareCrLf ? "quoted-printable" : "base64";
}
