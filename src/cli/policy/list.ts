import { Command } from "commander";
import { listImportCommand } from "./list_import.ts";
import { listShowCommand } from "./list_show.ts";
import { listVerifyCommand } from "./list_verify.ts";

/** `hopseal policy list`: the signed lists of what destinations promise. */
export function policyListCommand(): Command {
  return new Command("list")
    .description("Show, verify or import lists of what destinations promise")
    .addCommand(listShowCommand(), { isDefault: true })
    .addCommand(listImportCommand())
    .addCommand(listVerifyCommand());
}
