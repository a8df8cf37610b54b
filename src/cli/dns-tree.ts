import type { ProofNode } from "../dns/mod.ts";

/**
 * The chain of trust as text, from the anchor down to the records or to the step that failed. The proof itself hangs
 * the other way round, each step above what it rests on; steps that share their foundation are drawn on one trunk.
 */
export function trustTree(proof: ProofNode): readonly string[] {
  if (proof.children.length === 0) return [labelOf(proof)];
  const trunk: Branch = { label: "", branches: new Map() };
  for (const path of pathsOf(proof)) {
    let at = trunk;
    for (const node of path) {
      const label = labelOf(node);
      const next = at.branches.get(label) ?? { label, branches: new Map() };
      at.branches.set(label, next);
      at = next;
    }
  }
  return [...trunk.branches.values()].flatMap((branch) => [branch.label, ...draw(branch, "")]);
}

interface Branch {
  readonly label: string;
  readonly branches: Map<string, Branch>;
}

/** Every way from a foundation up to the top, the top itself left out: it is the answer that stands above the tree. */
function pathsOf(proof: ProofNode): readonly (readonly ProofNode[])[] {
  const paths: ProofNode[][] = [];
  const walk = (node: ProofNode, above: readonly ProofNode[]): void => {
    if (paths.length >= MOST_PATHS) return;
    const path = [node, ...above];
    if (node.children.length === 0) paths.push(path);
    for (const child of node.children) walk(child, path);
  };
  for (const child of proof.children) walk(child, []);
  return paths;
}

function labelOf({ subject, verdict, detail }: ProofNode): string {
  const said = detail.startsWith(`${subject}: `) ? detail.slice(subject.length + 2) : detail;
  return `${subject}: ${verdict}, ${said}`;
}

function draw(branch: Branch, indent: string): readonly string[] {
  const below = [...branch.branches.values()];
  return below.flatMap((next, at) => {
    const last = at === below.length - 1;
    return [`${indent}${last ? "└─ " : "├─ "}${next.label}`, ...draw(next, `${indent}${last ? "   " : "│  "}`)];
  });
}

/** Nine links of nine zones are 81; more is nobody's chain. */
const MOST_PATHS = 200;
