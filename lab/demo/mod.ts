import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { styleText } from "node:util";
import { playAttacks, tellAttacks } from "./attacks.ts";
import { drive, type Story } from "./drive.ts";
import { openWorld, type World } from "./world.ts";

export interface DemoOptions {
  readonly keep: boolean;
  readonly json: boolean;
}

/** Runs the demo; true when every message met the fate that it should. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const say = (text: string): void => {
    if (!options.json) process.stdout.write(`${text}\n`);
  };
  say(
    "Hopseal moves mail between servers. First four messages, each on its way through it: starting it and four mail domains on loopback …",
  );
  const world = await openWorld();
  try {
    say(`Hopseal listens on 127.0.0.1:${world.port}\n`);
    const stories = await drive(world, (story) => say(tell(story)));
    const chain = await receivedChain(world);
    say(`The Received chain of the message that bo@rook.example got, newest first:\n\n${chain}`);
    say(styleText("bold", "Now the same program among attackers …\n"));
    const attacks = await playAttacks();
    say(`${tellAttacks(attacks, Math.min(Math.max(process.stdout.columns ?? 110, 80), 120))}\n`);
    const good = stories.every((story) => story.asExpected) && attacks.every((attack) => attack.asExpected);
    if (options.json)
      process.stdout.write(
        `${JSON.stringify({ version: 1, good, stories, received: chain, attacks }, undefined, 2)}\n`,
      );
    say(
      good
        ? "Every message met the fate that its policy asks for."
        : "Something went differently than it should: see what is marked.",
    );
    if (options.keep) await stayUp(world, say);
    return good;
  } finally {
    await world.close();
  }
}

function tell(story: Story): string {
  const mark = story.asExpected ? styleText("green", "✓") : styleText("red", "✗");
  const lines = [
    `${mark} ${styleText("bold", story.title)}`,
    `    from       ${story.from}`,
    `    to         ${story.to}`,
    `    came in    ${story.inbound}`,
    `    accepted   ${story.acceptedAt}, on disk ${story.durableAfter} ms later, as ${story.id}`,
    `    wanted     ${story.wanted}`,
    `    actual     ${story.actual}`,
    `    outcome    ${story.outcome}`,
    ...(story.mailbox === undefined ? [] : [`    mailbox    ${story.mailbox}`]),
    `    took       ${story.took} ms from acceptance`,
  ];
  return `${lines.join("\n")}\n`;
}

async function receivedChain(world: World): Promise<string> {
  const folder = join(world.maildir("bo", "rook.example"), "new");
  const [name] = await readdir(folder);
  if (name === undefined) return "(nothing was delivered)\n";
  const text = await readFile(join(folder, name), "latin1");
  const header = text.slice(0, text.search(EMPTY_LINE));
  const fields = header.split(FIELD_START).filter((field) => field.toLowerCase().startsWith("received:"));
  return `${fields.map((field) => `    ${field.trim().replaceAll(LINE_END, "\n    ")}`).join("\n\n")}\n`;
}

async function stayUp(world: World, say: (text: string) => void): Promise<void> {
  say(
    [
      "Still running; Ctrl-C ends it. Send to bo@rook.example, bo@oak.example (TLS) or bo@birch.example, bo@elm.example (no TLS):",
      "",
      `    swaks --server 127.0.0.1:${world.port} --from you@demo.example --to bo@rook.example --tls`,
      `    openssl s_client -connect 127.0.0.1:${world.port} -starttls smtp -crlf -CAfile ${world.caFile}`,
      `    ${COMMAND} queue list -c ${join(world.folder, "demo.toml")}`,
      "",
      `Mail arrives in ${join(world.folder, "mail")}`,
    ].join("\n"),
  );
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}

/** From a checkout the command is not on the path. */
const COMMAND = import.meta.url.endsWith(".ts") ? "node bin/hopseal.js" : "hopseal";
const EMPTY_LINE = /\r?\n\r?\n/;
const FIELD_START = /\r?\n(?![ \t])/;
const LINE_END = /\r?\n/g;
