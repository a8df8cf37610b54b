/** Milliseconds of the processor that this thread took so far; work beside takes no part of it. */
export function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
