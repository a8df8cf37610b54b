import { type AST, parseTOML } from "toml-eslint-parser";

export interface Place {
  readonly line: number;
  readonly column: number;
}

type Path = readonly (string | number)[];

/**
 * Where the values of TOML `text` stand: what is given back finds the place of the value at a path, or of the nearest
 * table around it. The text is parsed once, when the first place is asked for. Reads only valid TOML.
 */
export function locator(text: string): (path: Path) => Place | undefined {
  let tree: Tree | undefined;
  return (path) => {
    tree ??= treeOrNothing(text);
    let at: Tree | undefined = tree;
    let best: Place | undefined;
    for (const part of path) {
      at = at.below.get(part);
      if (at === undefined) break;
      best = at.place ?? best;
    }
    return best;
  };
}

/** A key and those below it. */
interface Tree {
  /** Absent where a key is only on the way to others. */
  place: Place | undefined;
  readonly below: Map<string | number, Tree>;
}

/** Its parser has limits of its own, such as the length of a string: without places the faults are told all the same. */
function treeOrNothing(text: string): Tree {
  try {
    return treeOf(text);
  } catch {
    return newTree();
  }
}

function treeOf(text: string): Tree {
  const root = newTree();
  for (const node of parseTOML(text).body[0].body) {
    if (node.type === "TOMLTable") {
      const table = reach(root, node.resolvedKey);
      note(table, node);
      for (const pair of node.body) visitPair(table, pair);
    } else {
      visitPair(root, node);
    }
  }
  return root;
}

function visitPair(around: Tree, pair: AST.TOMLKeyValue): void {
  const tree = reach(
    around,
    pair.key.keys.map((part) => (part.type === "TOMLBare" ? part.name : part.value)),
  );
  note(tree, pair);
  visitValue(tree, pair.value);
}

function visitValue(tree: Tree, value: AST.TOMLContentNode): void {
  if (value.type === "TOMLInlineTable") {
    for (const pair of value.body) visitPair(tree, pair);
  } else if (value.type === "TOMLArray") {
    for (const [at, element] of value.elements.entries()) {
      const below = reach(tree, [at]);
      note(below, element);
      visitValue(below, element);
    }
  }
}

function reach(from: Tree, path: Path): Tree {
  let at = from;
  for (const part of path) {
    let next = at.below.get(part);
    if (next === undefined) {
      next = newTree();
      at.below.set(part, next);
    }
    at = next;
  }
  return at;
}

/** The first place of a key counts. */
function note(tree: Tree, { loc }: AST.TOMLNode): void {
  tree.place ??= { line: loc.start.line, column: loc.start.column + 1 };
}

function newTree(): Tree {
  return { place: undefined, below: new Map() };
}
