import { spawn } from "node:child_process";

/** What Python's smtplib hands to a server; all letters of a call share one connection. */
export interface Letter {
  readonly from: string;
  readonly to: readonly string[];
  readonly content: string | Buffer;
  /** Parameters of MAIL and of every RCPT. */
  readonly mail?: readonly string[];
  readonly rcpt?: readonly string[];
}

/** Resolves with the refused recipients, as "address code". */
export async function hand(port: number, letters: readonly Letter[]): Promise<readonly string[]> {
  const child = spawn("python3", ["-c", SCRIPT, `${port}`], { stdio: ["pipe", "pipe", "pipe"] });
  const wire = letters.map(({ content, ...rest }) => ({ ...rest, content: Buffer.from(content).toString("base64") }));
  child.stdin.end(JSON.stringify(wire));
  let said = "";
  let complaint = "";
  child.stdout.on("data", (text: Buffer) => (said += text.toString("utf8")));
  child.stderr.on("data", (text: Buffer) => (complaint += text.toString("utf8")));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (status !== 0) throw new Error(`smtplib ended with ${status}: ${complaint}`);
  return JSON.parse(said) as string[];
}

/** A message with an id of its own, whose body has everything that framing can get wrong. */
export function awkward(name: string, extra = ""): string {
  const lines = [".", "..", ".a", "", "a.", " .", ".\t", "From here", "QUIT", "250 ok", "y".repeat(998), "."];
  const body = [...lines, ...lines, extra, "end"];
  return `${header(name)}\r\n${body.join("\r\n")}\r\n`;
}

export function header(name: string, more: readonly string[] = []): string {
  const fields = [
    `Subject: ${name}`,
    `Message-ID: <${name}@oak.example>`,
    "Date: Sun, 22 Nov 2026 08:00:00 +0000",
    "From: ada@oak.example",
    "To: bo@pine.example",
    ...more,
  ];
  return `${fields.join("\r\n")}\r\n`;
}

/** Mailboxes hold lines that end in LF. */
export function ends(stored: Buffer, content: string): boolean {
  return stored.toString("utf8").endsWith(content.replaceAll("\r\n", "\n"));
}

/** The copies of the message of that name; there must be so many. */
export function named(stored: readonly Buffer[], name: string, copies = 1): readonly string[] {
  const found = stored.filter((one) => one.includes(`\nSubject: ${name}\n`));
  if (found.length !== copies) throw new Error(`${found.length} messages are called ${name}`);
  return found.map((one) => one.toString("utf8"));
}

const SCRIPT = `
import base64, json, smtplib, sys
refused = []
client = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), local_hostname="out.oak.example")
for letter in json.load(sys.stdin):
    try:
        some = client.sendmail(letter["from"], letter["to"], base64.b64decode(letter["content"]), letter.get("mail", []), letter.get("rcpt", []))
    except smtplib.SMTPRecipientsRefused as error:
        some = error.recipients
    refused += [f"{to} {reply[0]}" for to, reply in some.items()]
client.quit()
print(json.dumps(refused))
`;
