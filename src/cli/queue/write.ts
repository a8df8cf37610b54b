import { once } from "node:events";

/** Writes to standard output and waits while its reader is slow, so that nothing piles up. */
export async function write(chunk: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
}
