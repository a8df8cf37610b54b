import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What the clients met. */
export interface LoadResult {
  /** Names of messages whose content was answered with 250. */
  readonly accepted: readonly string[];
  /** Names whose content was sent and never answered. */
  readonly unsure: readonly string[];
  /** What else happened, e.g. "refused" (nobody listens), "421 mail", "cut greeting" (an end without a reply), and how often. */
  readonly met: Readonly<Record<string, number>>;
}

export interface Load {
  /** Resolves when so many messages in all were accepted. */
  accepted(count: number): Promise<void>;
  readonly result: Promise<LoadResult>;
}

/**
 * Python's smtplib as several clients at once, each with `each` messages, five on a connection. What meets an end or a 421
 * is sent again on a new connection.
 */
export function startLoad(port: number, options: { readonly clients: number; readonly each: number }): Load {
  const args = [port, options.clients, options.each].map(String);
  const child = spawn("python3", ["-u", "-c", SCRIPT, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => (complaint += text.toString("utf8")));
  const accepted: string[] = [];
  const waiting = new Set<{ readonly count: number; readonly found: () => void }>();
  let last = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("{")) last = line;
    else accepted.push(line);
    for (const waiter of waiting) if (accepted.length >= waiter.count) waiter.found();
  });
  const result = new Promise<LoadResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => {
      if (status !== 0) reject(new Error(`The load ended with ${status}: ${complaint}`));
      else resolve({ accepted, ...(JSON.parse(last) as Omit<LoadResult, "accepted">) });
    });
  });
  return {
    result,
    accepted: (count) =>
      new Promise((resolve, reject) => {
        if (accepted.length >= count) resolve();
        waiting.add({ count, found: resolve });
        result.then(() => reject(new Error(`Only ${accepted.length} of ${count} were accepted`)), reject);
      }),
  };
}

const SCRIPT = `
import collections, json, smtplib, sys, threading, time
port, clients, each = map(int, sys.argv[1:])
met, unsure, lock = collections.Counter(), [], threading.Lock()

def connect():
    while True:
        client = smtplib.SMTP(local_hostname="out.oak.example", timeout=60)
        try:
            code = client.connect("127.0.0.1", port)[0]
        except ConnectionRefusedError:
            code = "refused"
        except (smtplib.SMTPServerDisconnected, OSError):
            code = "cut"
        at = "greeting"
        if code == 220:
            at = "hello"
            try:
                code = client.ehlo()[0]
            except (smtplib.SMTPServerDisconnected, OSError):
                code = "cut"
            if code == 250: return client
        with lock: met["refused" if code == "refused" else f"{code} {at}"] += 1
        time.sleep(0.05)

def send(client, name):
    at = "mail"
    try:
        for at, line in [("mail", "MAIL FROM:<ada@oak.example>"), ("rcpt", "RCPT TO:<bo@rook.example>"), ("data", "DATA")]:
            code = client.docmd(line)[0]
            if code not in (250, 354):
                with lock: met[f"{code} {at}"] += 1
                return False
        at = "content"
        client.send(f"Subject: {name}\\r\\nMessage-ID: <{name}@oak.example>\\r\\n\\r\\n{'y' * 70}\\r\\n.\\r\\n")
        code = client.getreply()[0]
    except (smtplib.SMTPServerDisconnected, OSError):
        with lock:
            met[f"cut {at}"] += 1
            if at == "content": unsure.append(name)
        return at == "content"
    if code != 250:
        with lock: met[f"{code} content"] += 1
        return False
    with lock: print(name)
    return True

def work(number):
    client, used = None, 0
    for message in range(each):
        while True:
            if client is None: client, used = connect(), 0
            if send(client, f"c{number}-{message}"): break
            client.close()
            client = None
        used += 1
        if used == 5 or client.sock is None:
            if client.sock is not None: client.docmd("QUIT")
            client.close()
            client = None
    if client is not None: client.close()

threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps({"met": met, "unsure": unsure}))
`;
