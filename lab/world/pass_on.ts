import { connectTo, dialogueWith } from "../run/dialogue.ts";

export interface PassingOn {
  /** On loopback. */
  readonly port: number;
  readonly from: string;
  readonly to: string;
}

/** Gives a message to the next host in clear, as hosts do that promise more than they keep. Rejects when it is not taken. */
export async function passOn(content: string, { port, from, to }: PassingOn): Promise<void> {
  using dialogue = dialogueWith(await connectTo(port));
  await dialogue.say();
  for (const line of ["HELO relay.test", `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, "DATA", `${content}.\r\n`]) {
    const reply = await dialogue.say(line);
    if (reply.code >= 400) throw new Error(reply.text);
  }
}
