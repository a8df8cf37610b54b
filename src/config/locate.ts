import { type AST, parseTOML } from "toml-eslint-parser";

export interface Place {
  readonly line: number;
  readonly column: number;
}

type Path = readonly (string | number)[];

/** Finds where the value at `path`, or the nearest table around it, stands in TOML `text`. Reads only valid TOML. */
export function locate(text: string, path: Path): Place | undefined {
  let best: { depth: number; place: Place } | undefined;
  const consider = (key: Path, node: AST.TOMLNode): void => {
    const fits = key.length <= path.length && key.every((part, at) => part === path[at]);
    if (!fits || (best !== undefined && key.length <= best.depth)) return;
    best = { depth: key.length, place: { line: node.loc.start.line, column: node.loc.start.column + 1 } };
  };
  for (const node of parseTOML(text).body[0].body) {
    if (node.type === "TOMLTable") {
      consider(node.resolvedKey, node);
      for (const pair of node.body) visitPair(node.resolvedKey, pair, consider);
    } else {
      visitPair([], node, consider);
    }
  }
  return best?.place;
}

type Consider = (key: Path, node: AST.TOMLNode) => void;

function visitPair(prefix: Path, pair: AST.TOMLKeyValue, consider: Consider): void {
  const key = [...prefix, ...pair.key.keys.map((part) => (part.type === "TOMLBare" ? part.name : part.value))];
  consider(key, pair);
  visitValue(key, pair.value, consider);
}

function visitValue(key: Path, value: AST.TOMLContentNode, consider: Consider): void {
  if (value.type === "TOMLInlineTable") {
    for (const pair of value.body) visitPair(key, pair, consider);
  } else if (value.type === "TOMLArray") {
    for (const [at, element] of value.elements.entries()) {
      consider([...key, at], element);
      visitValue([...key, at], element, consider);
    }
  }
}
