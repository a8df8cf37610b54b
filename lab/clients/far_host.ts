import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type MailHost, openMailHost } from "../world/mail_host.ts";
import type { CellRecorder } from "../world/record.ts";
import type { FarHost } from "./types.ts";

/** The next hop of "far.test", in clear, as good or evil as the row wants it. */
export async function openFarHost(kind: FarHost, record: CellRecorder, stir: () => void): Promise<MailHost> {
  if (kind === "takes") {
    return await openMailHost({ name: "in.far.test", requireTls: false, recorder: "real.mx", record, stir });
  }
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    socket.write("220 in.far.test\r\n");
    socket.on("data", (chunk: Buffer) => {
      stir();
      for (const line of chunk.toString("latin1").split("\r\n").slice(0, -1)) answer(kind, socket, line);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(kind: Exclude<FarHost, "takes">, socket: Socket, line: string): void {
  switch (kind) {
    case "refuses":
      socket.write(
        line.startsWith("RCPT") ? "550 5.1.1 no\r\n" : line.startsWith("DATA") ? "503 5.5.1 no\r\n" : "250 ok\r\n",
      );
      return;
    case "endless-reply":
      pour(socket, "250-x\r\n".repeat(100));
      return;
    case "endless-line":
      pour(socket, "250-".padEnd(10_000, "x"));
      return;
    default:
      return kind satisfies never;
  }
}

/** As much as the other side takes, and never an end. */
function pour(socket: Socket, unit: string): void {
  let left = MOST;
  const on = (): void => {
    while (left-- > 0 && socket.writable) if (!socket.write(unit)) return void socket.once("drain", on);
  };
  on();
}

/** Units; the lab shall end even where the program reads for ever. */
const MOST = 3000;
