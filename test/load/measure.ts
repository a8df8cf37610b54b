import { readFile } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";

/** What the processes of a daemon use, all together. */
export interface Usage {
  /** Resident memory, MB; pages that processes share count once. */
  readonly memory: number;
  /** Seconds of processor time since their start. */
  readonly processor: number;
}

/** The process and all below it; Linux only. */
export async function usageOf(pid: number): Promise<Usage> {
  let memory = 0;
  let ticks = 0;
  for (const one of await familyOf(pid)) {
    const rollup = await readFile(`/proc/${one}/smaps_rollup`, "latin1");
    memory += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
    const fields = (await readFile(`/proc/${one}/stat`, "latin1")).split(") ")[1]?.split(" ") ?? [];
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return { memory: memory / 1024, processor: ticks / 100 };
}

/** Looks at the memory of the process and all below it while it lasts. */
export function watchMemory(pid: number): Disposable & { readonly most: number } {
  let most = 0;
  const timer = setInterval(() => {
    usageOf(pid).then(
      ({ memory }) => {
        most = Math.max(most, memory);
      },
      // It has ended meanwhile.
      () => undefined,
    );
  }, 100);
  return {
    get most() {
      return most;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

async function familyOf(pid: number): Promise<readonly number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "latin1")).split(" ").filter(Boolean);
  const below = await Promise.all(children.map((child) => familyOf(Number(child))));
  return [pid, ...below.flat()];
}

/** How long whole messages take, each on a connection of its own, one after the other; milliseconds, in order. */
export async function latencies(port: number, count: number): Promise<readonly number[]> {
  const took: number[] = [];
  for (let at = 0; at < count; at++) {
    const began = performance.now();
    await sendOne({ port, address: "127.0.0.1", family: "IPv4" });
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b);
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function sendOne({ port, address }: AddressInfo): Promise<void> {
  const lines = [
    "EHLO probe.pine.example",
    "MAIL FROM:<ada@pine.example>",
    "RCPT TO:<bo@rook.example>",
    "DATA",
    "Subject: probe\r\n\r\nhello\r\n.",
    "QUIT",
  ];
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: address, noDelay: true });
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const last = text.slice(text.lastIndexOf("\n", text.length - 2) + 1);
      if (!text.endsWith("\n") || last[3] === "-") return;
      if (!/^[23]/.test(last)) {
        socket.destroy(new Error(last.trim()));
        return;
      }
      text = "";
      const line = lines.shift();
      if (line !== undefined) socket.write(`${line}\r\n`);
    });
    socket.on("error", reject).on("end", () => socket.end());
    socket.on("close", () => (lines.length === 0 ? resolve() : reject(new Error("the connection ended"))));
  });
}
