import { connect } from "node:net";
import { createInterface } from "node:readline";

/** A client that speaks SMTP line by line, as an old mail server does. */
export interface Talk {
  readonly greeting: string;
  /** The last line of the reply; rejects when the connection ends without one. */
  say(text: string): Promise<string>;
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>;
  end(): void;
}

export async function talk(port: number): Promise<Talk> {
  const socket = connect({ host: "127.0.0.1", port }).on("error", () => undefined);
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const reply = async (): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error("The connection ended");
      if (value[3] !== "-") return value;
    }
  };
  return {
    greeting: await reply(),
    async say(text) {
      socket.write(`${text}\r\n`);
      return await reply();
    },
    ended,
    end: () => void socket.destroy(),
  };
}

/** Hands a message in and returns the answer to its end. */
export async function letter(port: number, to: string, from = "ann@pine.example"): Promise<string> {
  const client = await talk(port);
  for (const line of ["EHLO out.pine.example", `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`]) {
    const answer = await client.say(line);
    if (answer.startsWith("2")) continue;
    client.end();
    return answer;
  }
  await client.say("DATA");
  const answer = await client.say("Subject: x\r\n\r\nx\r\n.");
  await client.say("QUIT");
  return answer;
}
