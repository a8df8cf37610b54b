/** What a process has promised about one message by what it said so far, over all its lives. */
export interface Promised {
  readonly size: number;
  /** Asked for; acknowledged; handed to a next hop; known to be handed over. */
  state: "asked" | "kept" | "handing" | "gone";
  /** The newest attempt that was shown to somebody. */
  attempt: number;
  /** On hold by an operator's word, which was acknowledged. */
  held: boolean;
}

export type Promises = Map<string, Promised>;

/** Enters one line; what `load.ts` says. A line may be cut at its end by a death: then it is not said. */
export function hear(promises: Promises, line: string): void {
  const [verb = "", id = "", detail = "0"] = line.split(" ");
  if (verb === "begin") {
    promises.set(id, { size: Number(detail), state: "asked", attempt: 0, held: false });
    return;
  }
  const one = promises.get(id);
  if (one === undefined) return;
  switch (verb) {
    case "commit":
      if (one.state === "asked") one.state = "kept";
      return;
    case "claim":
      one.attempt = Number(detail);
      one.state = "kept";
      return;
    case "deliver":
      one.state = "handing";
      return;
    case "settle":
      one.state = "gone";
      return;
    case "hold":
      one.held = true;
      return;
    case "unhold":
      one.held = false;
      return;
    default:
  }
}
