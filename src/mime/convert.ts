import { type Bytes, err, ok } from "../base/mod.ts";
import type { ContentFacts } from "../mail/mod.ts";
import { isClean, measure } from "./measure.ts";
import { planner, type Treatment } from "./plan.ts";
import { rewriter } from "./rewrite.ts";
import type { ConvertOptions, ConvertTo7Bit, OpenContent } from "./types.ts";
import { type Walker, walker } from "./walk.ts";

/**
 * Turns content into 7-bit lines for a host that takes no other (RFC 6152 §3, RFC 3030 §4): text with octets above 127
 * becomes quoted-printable, everything else that needs it base64, inside messages and multiparts as deep as they go. What
 * is 7-bit already stays as it is, octet for octet. The content is read twice before this resolves, to find out whether and
 * how it can be done, and once more for every `open`; it is never held.
 */
export const convertTo7Bit: ConvertTo7Bit = async (open, options = {}) => {
  const bounds = { ...DEFAULTS, ...options };
  const before = measure();
  const plan = planner();
  const scan = walker(plan.visitor, bounds);
  for await (const chunk of open()) {
    before.add(chunk);
    scan.push(chunk);
  }
  scan.end();
  if (isClean(before.facts())) return ok({ content: before.facts(), body: "7bit", open });
  const refusal = plan.refusal ?? scan.fault;
  if (refusal !== undefined) return err(refusal);
  const converted: OpenContent = () => rewrite(open, plan.treatments, bounds);
  const content = await factsOf(converted);
  // Never seen; but what went out as 7-bit must be it.
  if (!isClean(content)) return err({ kind: "malformed", detail: "the converted content is not 7-bit" });
  return ok({ content, body: "7bit", open: converted });
};

async function* rewrite(
  open: OpenContent,
  treatments: readonly Treatment[],
  bounds: Required<ConvertOptions>,
): AsyncIterable<Bytes> {
  let ready: Bytes[] = [];
  const walk: Walker = walker(
    rewriter(treatments, (octets) => {
      if (octets.length > 0) ready.push(octets);
    }),
    bounds,
  );
  const take = (): readonly Bytes[] => {
    const pieces = ready;
    ready = [];
    return pieces;
  };
  for await (const chunk of open()) {
    walk.push(chunk);
    yield* take();
  }
  walk.end();
  yield* take();
}

async function factsOf(open: OpenContent): Promise<ContentFacts> {
  const after = measure();
  for await (const piece of open()) after.add(piece);
  return after.facts();
}

const DEFAULTS: Required<ConvertOptions> = { maxDepth: 20, maxParts: 10_000, maxHeader: 1 << 20 };
