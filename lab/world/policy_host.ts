import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createSecureContext, createServer, type SecureVersion, type TLSSocket } from "node:tls";
import type { IssuedCertificate } from "../certificates.ts";

/** What one name does with a request: octets to write, or all that it likes. */
export interface Behaviour {
  readonly certificate: Pick<IssuedCertificate, "chain" | "key">;
  /** Given as text, it is written and the connection ended. */
  readonly answer: string | Uint8Array | ((socket: TLSSocket) => void);
  /** Ends the connection where the handshake begins. */
  readonly refuse?: true;
}

/** A real TLS server that acts for many names, told apart by SNI. */
export interface PolicyHost extends AsyncDisposable {
  readonly port: number;
  readonly address: string;
  behave(name: string, behaviour: Behaviour): void;
  /** Heads of the requests to a name so far. */
  requests(name: string): readonly string[];
  /** Resolves when a name has been asked that often. */
  asked(name: string, times?: number): Promise<void>;
  /** Names in handshakes so far, "" for none. */
  readonly hellos: readonly string[];
}

export async function policyHost(
  options: {
    readonly address?: string;
    readonly port?: number;
    readonly maxVersion?: SecureVersion;
    readonly onHello?: (name: string) => void;
  } = {},
): Promise<PolicyHost> {
  const { address = "127.0.0.1", port = 0, maxVersion, onHello } = options;
  const behaviours = new Map<string, Behaviour>();
  const requests = new Map<string, string[]>();
  const hellos: string[] = [];
  const sockets = new Set<Socket>();
  let wake = Promise.withResolvers<void>();
  const server = createServer(
    {
      ...(maxVersion === undefined ? {} : { minVersion: "TLSv1" as const, maxVersion, ciphers: "DEFAULT@SECLEVEL=0" }),
      SNICallback(name, done) {
        hellos.push(name);
        onHello?.(name);
        const found = behaviours.get(name);
        if (found === undefined || found.refuse === true) done(new Error(`${name} is not here`));
        else done(null, createSecureContext({ cert: found.certificate.chain, key: found.certificate.key }));
      },
    },
    (socket) => {
      const name = String(socket.servername);
      let head = "";
      socket.on("error", () => undefined);
      socket.on("data", (chunk: Buffer) => {
        const whole = head.includes("\r\n\r\n");
        head += chunk.toString("latin1");
        if (whole || !head.includes("\r\n\r\n")) return;
        requests.set(name, [...(requests.get(name) ?? []), head]);
        wake.resolve();
        wake = Promise.withResolvers();
        const answer = behaviours.get(name)?.answer ?? "";
        if (typeof answer === "function") answer(socket);
        else socket.end(answer);
      });
    },
  );
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => undefined);
  server.listen(port, address);
  await once(server, "listening");
  const asked: PolicyHost["asked"] = async (name, times = 1) => {
    while ((requests.get(name) ?? []).length < times) await wake.promise;
  };
  return {
    port: (server.address() as AddressInfo).port,
    address,
    behave: (name, behaviour) => behaviours.set(name, behaviour),
    requests: (name) => requests.get(name) ?? [],
    asked,
    hellos,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
