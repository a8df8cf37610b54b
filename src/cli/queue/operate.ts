import { Command } from "commander";
import type { OperatorQueue } from "../../daemon/mod.ts";
import type { Operation, UnitFilter } from "../../queue/mod.ts";
import { CommandFailure, EXIT } from "../exit.ts";
import { print, printJson } from "../print.ts";
import {
  type CommonOptions,
  noSuchMessage,
  orFail,
  queueOf,
  requireFilter,
  withCommon,
  withFilter,
} from "./options.ts";
import { startProgress } from "./progress.ts";

interface OperateOptions extends CommonOptions {
  readonly to?: string;
  readonly from?: string;
  readonly state?: string;
  readonly id?: string;
  readonly all?: boolean;
  readonly yes?: boolean;
}

/** `hopseal queue retry | hold | release | drop`. */
export function operationCommand(operation: Operation): Command {
  const command = new Command(operation).description(ABOUT[operation]).argument("[id]", "one message");
  if (operation === "drop") command.option("--yes", "drop more than one message without an id");
  return withFilter(withCommon(command))
    .option("--all", "all messages")
    .action(async (id: string | undefined, options: OperateOptions) => {
      if (id !== undefined && options.id !== undefined && id !== options.id)
        throw new CommandFailure("Name one id only", EXIT.usage);
      const filter = requireFilter({ ...options, id: id ?? options.id });
      const none = Object.keys(filter).length === 0;
      if (none && options.all !== true)
        throw new CommandFailure(`Say which: an id, --to, --from, --state, or --all`, EXIT.usage);
      if (!none && options.all === true)
        throw new CommandFailure("--all means every message; leave the other choices out", EXIT.usage);
      await orFail(() => run(operation, filter, options));
    });
}

/** `hopseal queue flush DOMAIN`. */
export function flushCommand(): Command {
  const command = new Command("flush")
    .description("Try all waiting mail to a recipient domain now")
    .argument("<domain>");
  return withCommon(command).action(async (to: string, options: CommonOptions) => {
    const filter = requireFilter({ to });
    await orFail(() => run("retry", filter, options));
  });
}

async function run(operation: Operation, filter: UnitFilter, options: OperateOptions): Promise<void> {
  const queue = queueOf(options);
  if (operation === "drop" && filter.message === undefined && options.yes !== true) await refuseMany(queue, filter);
  using _progress = startProgress(`${operation}: at work`);
  const done = await queue.operate(filter, operation);
  if (!done.ok) {
    const message = `The daemon is not running; start it to ${operation} mail`;
    throw new CommandFailure(message, EXIT.tryAgain);
  }
  const destinations = done.value;
  if (destinations === undefined) throw noSuchMessage(filter.message ?? "");
  if (options.json === true) printJson({ version: 1, operation, destinations });
  else print(destinations === 0 ? NOTHING[operation] : `${destinations} destination(s) ${DONE[operation]}`);
}

async function refuseMany(queue: OperatorQueue, filter: UnitFilter): Promise<void> {
  const { messages } = await queue.list({ filter, limit: 2 }, () => undefined);
  if (messages < 2) return;
  throw new CommandFailure("That is more than one message; look with `queue list`, then add --yes", EXIT.usage);
}

const ABOUT: Readonly<Record<Operation, string>> = {
  retry: "Try waiting mail now",
  hold: "Keep mail back until it is released",
  release: "Let go of mail that is on hold",
  drop: "Remove mail from the queue; nobody is told",
};
const DONE: Readonly<Record<Operation, string>> = {
  retry: "are due now",
  hold: "are on hold",
  release: "are due now",
  drop: "dropped",
};
const NOTHING: Readonly<Record<Operation, string>> = {
  retry: "Nothing of that waits",
  hold: "Nothing of that can be held: it is on hold already, under way or gone",
  release: "Nothing of that is on hold",
  drop: "Nothing of that can be dropped: it is under way or gone",
};
