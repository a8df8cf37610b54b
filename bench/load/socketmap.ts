import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { pathToFileURL } from "node:url";

/** The least that a socketmap server can do: an answer from a map in memory, one request in each chunk. */
async function serveMap(entries: readonly (readonly [string, string])[]): Promise<number> {
  const map = new Map(entries);
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      const text = chunk.toString("latin1");
      const key = text.slice(text.indexOf(" ") + 1, -1);
      const found = map.get(key);
      const reply = found === undefined ? "NOTFOUND " : `OK ${found}`;
      socket.write(`${reply.length}:${reply},`);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const port = await serveMap(JSON.parse(process.argv[2] ?? "[]") as [string, string][]);
  process.send?.({ port });
  process.on("disconnect", () => process.exit());
}
