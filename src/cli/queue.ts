import { Command } from "commander";
import { daemonQueue, type MessageJson } from "../daemon/mod.ts";
import { CommandFailure } from "./exit.ts";
import { print, printJson } from "./print.ts";
import { requireConfig } from "./settings.ts";

interface QueueOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly limit?: string;
}

/** `hopseal queue list | show | release`. */
export function queueCommand(): Command {
  const command = new Command("queue").description("Look at the mail that waits");
  command
    .command("list", { isDefault: true })
    .description("List the messages, oldest first")
    .option("-c, --config <file>", "configuration file")
    .option("--limit <count>", "how many at most", "100")
    .option("--json", "print JSON")
    .action(async (options: QueueOptions) => {
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1)
        throw new CommandFailure(`--limit takes a whole number from 1, not ${options.limit}`, 2);
      const messages = await daemonQueue(requireConfig(options.config).config).list(limit);
      if (options.json === true) printJson({ version: 1, messages });
      else if (messages.length === 0) print("The queue is empty");
      else for (const message of messages) print(line(message));
    });
  command
    .command("show <id>")
    .description("Show one message: envelope, demands, and the state of every recipient")
    .option("-c, --config <file>", "configuration file")
    .option("--json", "print JSON")
    .action(async (id: string, options: QueueOptions) => {
      const message = await daemonQueue(requireConfig(options.config).config).show(id);
      if (message === undefined) throw new CommandFailure(`There is no message ${id} in the queue`);
      if (options.json === true) printJson({ version: 1, message });
      else print(details(message));
    });
  command
    .command("release <id>")
    .description("Try a message again now, whether it waits or is on hold")
    .option("-c, --config <file>", "configuration file")
    .option("--json", "print JSON")
    .action(async (id: string, options: QueueOptions) => {
      const destinations = await daemonQueue(requireConfig(options.config).config).release(id);
      if (destinations === undefined) throw new CommandFailure(`There is no message ${id} in the queue`);
      if (options.json === true) printJson({ version: 1, destinations });
      else print(destinations === 0 ? "It is being delivered already" : `${destinations} destination(s) are due now`);
    });
  return command;
}

function line(message: MessageJson): string {
  const states = message.destinations.map(
    (unit) => `${unit.destination} ${unit.state} (attempt ${unit.attempts}, next ${unit.next})`,
  );
  return `${message.id}  ${message.accepted}  ${message.size}  ${message.from}\n    ${states.join("\n    ")}`;
}

function details(message: MessageJson): string {
  const head = [
    `id        ${message.id}`,
    `from      ${message.from}`,
    `accepted  ${message.accepted}${message.client === undefined ? "" : ` from ${message.client}`} (${message.origin})`,
    `size      ${message.size} octets`,
    `demands   tls ${message.tlsDemand}`,
  ];
  const units = message.destinations.flatMap((unit) => [
    `${unit.destination}: ${unit.state}, ${unit.attempts} attempt(s), next ${unit.next}`,
    ...unit.recipients.map(
      ({ address, state, code, text }) => `    ${address}: ${state}${code === undefined ? "" : ` (${code} ${text})`}`,
    ),
  ]);
  return [...head, ...units].join("\n");
}
