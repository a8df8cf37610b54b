import { err, ok, type Result } from "../base/mod.ts";

export interface ClientListFault {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

/**
 * Reads a list of networks, one on a line. "#" and ";" begin a comment. `parse` reads one network; the first line that
 * it does not take is the fault, and so is one beyond a million networks.
 */
export function parseClientList<N>(
  text: string,
  parse: (text: string) => Result<N, string>,
): Result<readonly N[], ClientListFault> {
  const networks: N[] = [];
  let line = 0;
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    const raw = text.slice(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
    line++;
    const word = withoutComment(raw).trim();
    if (word === "") continue;
    if (word.length > LONGEST) return err({ line, message: "This is longer than any network" });
    if (networks.length === MOST) return err({ line, message: `A list holds ${MOST} networks at most` });
    const network = parse(word);
    if (!network.ok) return err({ line, message: network.error });
    networks.push(network.value);
  }
  return ok(networks);
}

function withoutComment(line: string): string {
  for (let at = 0; at < line.length; at++) if (line[at] === "#" || line[at] === ";") return line.slice(0, at);
  return line;
}

const MOST = 1_000_000;
/** An IPv6 address in full with its prefix takes 49 characters. */
const LONGEST = 64;
