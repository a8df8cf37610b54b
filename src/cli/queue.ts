import { Command } from "commander";
import { exportCommand } from "./queue/export.ts";
import { listCommand } from "./queue/list.ts";
import { flushCommand, operationCommand } from "./queue/operate.ts";
import { showCommand } from "./queue/show.ts";
import { verifyCommand } from "./queue/verify.ts";

/** `hopseal queue`: what waits, and what an operator may do about it. */
export function queueCommand(): Command {
  return new Command("queue")
    .description("Look at the mail that waits, and try, hold, release, drop or export it")
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(showCommand())
    .addCommand(operationCommand("retry"))
    .addCommand(flushCommand())
    .addCommand(operationCommand("hold"))
    .addCommand(operationCommand("release"))
    .addCommand(operationCommand("drop"))
    .addCommand(exportCommand())
    .addCommand(verifyCommand());
}
