/** What one measurement came to: our figures and a peer's, one for each round. */
export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly ours: readonly number[];
  /** Absent where nothing like it can be measured beside. */
  readonly peer?: { readonly name: string; readonly figures: readonly number[] };
  /** How many times better we are: of the medians, or our median itself where there is no peer. */
  readonly ratio: number;
  readonly bound: number;
  /** How far the rounds lie apart, of both sides the worse: (most − least) / median, in percent. */
  readonly spread: number;
  readonly good: boolean;
}

export interface Measured extends Pick<Result, "name" | "unit" | "ours" | "peer" | "bound"> {
  /** Whether a smaller figure is the better one. */
  readonly less?: boolean;
}

/** How much is measured: `short` to see where we are in minutes, `whole` for a figure that lasts. */
export type Effort = "short" | "whole";

export function judge({ less = false, ...measured }: Measured): Result {
  const { ours, peer, bound } = measured;
  const [mine, theirs] = [median(ours), peer === undefined ? 1 : median(peer.figures)];
  const ratio = rounded(less ? theirs / mine : mine / theirs);
  const spread = Math.max(spreadOf(ours), peer === undefined ? 0 : spreadOf(peer.figures));
  return { ...measured, ratio, spread: Math.round(100 * spread), good: ratio >= bound };
}

/** The middle one, the upper of two. */
export function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

function spreadOf(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}

/** A table in Markdown, a row for each result. */
export function table(results: readonly Result[]): string {
  const head = ["measurement", "Hopseal", "peer", "ratio", "must be", "spread of rounds"];
  const rows = results.map(({ name, unit, ours, peer, ratio, bound, spread }) => [
    name,
    `${figure(median(ours))} ${unit}`,
    peer === undefined ? "none" : `${figure(median(peer.figures))} ${unit}, ${peer.name}`,
    peer === undefined ? "" : String(ratio),
    bound === 0 ? "" : `≥ ${figure(bound)}`,
    `${spread} %, ${ours.length} rounds`,
  ]);
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function figure(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en") : String(rounded(value));
}

function rounded(value: number): number {
  return Number(value.toPrecision(value >= 1000 ? 12 : 3));
}
