/** Seconds of what should take moments. */
export const LATENCIES: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
/** Seconds of what waits for other hosts. */
export const ATTEMPTS: readonly number[] = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
/** Seconds that a message was in the queue: from at once to the day on which it expires. */
export const AGES: readonly number[] = [0.1, 1, 5, 30, 60, 300, 1800, 3600, 14_400, 43_200, 86_400, 259_200, 432_000];
/** Octets. */
export const SIZES: readonly number[] = [1000, 10_000, 100_000, 1_000_000, 10_000_000, 50_000_000, 100_000_000];
/** Calls that share one sync. */
export const GROUPS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
