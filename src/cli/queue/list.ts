import { Command } from "commander";
import type { DestinationJson, Entry, ListQuery } from "../../daemon/mod.ts";
import { isQueueId, type UnitFilter } from "../../queue/mod.ts";
import { CommandFailure, EXIT } from "../exit.ts";
import { type CommonOptions, orFail, queueOf, requireFilter, withCommon, withFilter } from "./options.ts";
import { startProgress } from "./progress.ts";
import { damagedLines, heading, messageLines } from "./text.ts";
import { write } from "./write.ts";

interface ListOptions extends CommonOptions {
  readonly to?: string;
  readonly from?: string;
  readonly state?: string;
  readonly id?: string;
  readonly limit: string;
  readonly all?: boolean;
  readonly after?: string;
}

/** `hopseal queue list`. */
export function listCommand(): Command {
  return withFilter(withCommon(new Command("list").description("List the messages, oldest first")))
    .option("--limit <count>", "how many at most", "100")
    .option("--all", "no limit")
    .option("--after <id>", "go on after this message")
    .action(async (options: ListOptions) => {
      const query = queryOf(options);
      const queue = queueOf(options);
      await orFail(async () => {
        using progress = startProgress("looking through the queue");
        let count = 0;
        const printer = options.json === true ? jsonPrinter() : tablePrinter(query.filter);
        const listed = await queue.list(query, async (message) => {
          progress.note(`${++count} messages so far`);
          await printer.message(message);
        });
        await printer.end(listed.next);
      });
    });
}

function queryOf(options: ListOptions): ListQuery {
  const limit = options.all === true ? Infinity : Number(options.limit);
  if (!(Number.isInteger(limit) || limit === Infinity) || limit < 1)
    throw new CommandFailure(`--limit takes a whole number from 1, not ${options.limit}`, EXIT.usage);
  const { after } = options;
  if (after !== undefined && !isQueueId(after))
    throw new CommandFailure(`--after takes the id of a message, not ${JSON.stringify(after)}`, EXIT.usage);
  return { filter: requireFilter(options), limit, ...(after === undefined ? {} : { after }) };
}

interface Printer {
  message(message: Entry): Promise<void>;
  end(next: string | undefined): Promise<void>;
}

/** One document, written while the messages come. */
function jsonPrinter(): Printer {
  let first = true;
  return {
    async message(message) {
      await write(`${first ? '{\n  "version": 1,\n  "messages": [' : ","}\n    ${JSON.stringify(message)}`);
      first = false;
    },
    async end(next) {
      const start = first ? '{\n  "version": 1,\n  "messages": [' : "\n  ";
      await write(`${start}]${next === undefined ? "" : `,\n  "next": ${JSON.stringify(next)}`}\n}\n`);
    },
  };
}

function tablePrinter(filter: UnitFilter): Printer {
  const now = Date.now();
  const shows = (to: DestinationJson): boolean =>
    (filter.destination === undefined || filter.destination === to.destination) &&
    (filter.state === undefined || filter.state === to.state);
  let first = true;
  return {
    async message(message) {
      if (first) await write(`${heading()}\n`);
      first = false;
      await write(`${"damaged" in message ? damagedLines(message) : messageLines(message, now, shows)}\n`);
    },
    async end(next) {
      if (first) await write(Object.keys(filter).length === 0 ? "The queue is empty\n" : "No message fits\n");
      if (next !== undefined) process.stderr.write(`hopseal: There may be more: --after ${next}, or --all\n`);
    },
  };
}
