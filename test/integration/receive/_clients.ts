import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type Events, subscribe } from "../../../src/observe/mod.ts";
import { type Dialogue, talk } from "../smtp-server/_dialogue.ts";

/** A connection from one of the addresses of loopback. */
export async function socketFrom(
  from: string,
  { address, port }: Pick<AddressInfo, "address" | "port">,
): Promise<Socket> {
  const socket = connect({ host: address, port, localAddress: from, allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

export async function dialFrom(from: string, to: Pick<AddressInfo, "address" | "port">): Promise<Dialogue> {
  return talk(await socketFrom(from, to));
}

/** "220" or "421 4.7.0 Too many connections": the greeting, with its text where it is none; "gone" for none at all. */
export async function greetingOf(client: Dialogue): Promise<string> {
  const reply = await client.reply();
  if (reply === undefined) return "gone";
  return reply.code === 220 ? "220" : `${reply.code} ${reply.lines.join(" ")}`;
}

/** One whole message; the codes of its replies. */
export async function sendMail(client: Dialogue, to: string): Promise<readonly number[]> {
  const codes: number[] = [];
  for (const line of ["EHLO out.pine.example", "MAIL FROM:<ada@pine.example>", `RCPT TO:<${to}>`, "DATA"]) {
    codes.push(await client.ask(line));
    if ((codes.at(-1) ?? 0) >= 400) return codes;
  }
  codes.push(await client.ask("Subject: x\r\n\r\nx\r\n."));
  return codes;
}

/** Every `hopseal:limited` since, as "client-rate 127.0.0.2". */
export function limitsHeard(): Disposable & { readonly heard: string[] } {
  const heard: string[] = [];
  const one = ({ limit, client, text }: Events["hopseal:limited"]): void => {
    heard.push([limit, client, text].filter((part) => part !== undefined).join(" "));
  };
  const subscription = subscribe("hopseal:limited", one);
  return { heard, [Symbol.dispose]: () => subscription[Symbol.dispose]() };
}
