import type { MessageSpec } from "../types.ts";
import { connectTo, dialogueWith, type Reply } from "./dialogue.ts";
import type { LabMessage } from "./message.ts";

/** Hands a message to the sender under test, over TLS where it must be. The reply that refused it, or undefined. */
export async function submit(port: number, message: LabMessage, spec: MessageSpec): Promise<Reply | undefined> {
  const socket = await connectTo(port, spec.stranger === true ? STRANGER : undefined);
  using clear = dialogueWith(socket);
  await clear.say();
  await clear.say("EHLO client.sender.test");
  let dialogue = clear;
  if (spec.requireTls === true) {
    await clear.say("STARTTLS");
    dialogue = await clear.startTls();
    await dialogue.say("EHLO client.sender.test");
  }
  for (const line of [
    `MAIL FROM:<${message.from}>${spec.requireTls === true ? " REQUIRETLS" : ""}${PLAIN.test(message.to) ? "" : " SMTPUTF8"}`,
    `RCPT TO:<${message.to}>`,
    "DATA",
    `${message.content}.\r\n`,
  ]) {
    const reply = await dialogue.say(line);
    if (reply.code >= 400) return reply;
  }
  await dialogue.say("QUIT");
  return undefined;
}

/** Not among the clients that may send anywhere. */
const STRANGER = "127.0.0.5";
const PLAIN = /^[\x00-\x7f]*$/;
