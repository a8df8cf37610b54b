import type { Command } from "commander";

export interface PageFacts {
  readonly version: string;
  /** Text that stands as it is in a section of its own instead of the options. */
  readonly usage?: string;
  readonly seeAlso: readonly string[];
}

/** One manual page in man(7) form, out of a command and its subcommands. */
export function manualPage(command: Command, facts: PageFacts): string {
  const title = names(command).join("-");
  const lines = [
    `.TH ${title.toUpperCase()} 1 "" "Hopseal ${facts.version}" "Hopseal"`,
    ".SH NAME",
    `${plain(title)} \\- ${plain(lowerFirst(command.description()))}`,
    ".SH SYNOPSIS",
    `.B ${plain(names(command).join(" "))}`,
    plain(command.usage()),
    ".SH DESCRIPTION",
    `${plain(command.description())}.`,
  ];
  if (facts.usage !== undefined) lines.push(".SH USAGE", ".nf", plain(facts.usage), ".fi");
  else lines.push(...sections(command));
  for (const child of leaves(command)) {
    lines.push(
      `.SH "${plain(names(child).slice(1).join(" ").toUpperCase())}"`,
      ".PP",
      `.B ${plain(names(child).join(" "))}`,
    );
    lines.push(plain(child.usage()), ".PP", `${plain(child.description())}.`, ...sections(child, ".PP\nOptions:"));
  }
  lines.push(".SH EXIT STATUS", ...EXIT_STATUS.map(plain));
  lines.push(".SH SEE ALSO", facts.seeAlso.map((page) => `.BR ${plain(page)} (1)`).join(",\n"));
  return `${lines.join("\n")}\n`;
}

function sections(command: Command, heading = ".SH OPTIONS"): string[] {
  const lines: string[] = [];
  for (const argument of command.registeredArguments) {
    if (argument.description !== "") lines.push(".TP", `.I ${plain(argument.name())}`, plain(argument.description));
  }
  const options = command.options.filter((option) => !option.hidden);
  if (options.length > 0) lines.push(heading);
  for (const option of options) {
    const choices = option.argChoices === undefined ? "" : ` (${option.argChoices.join(", ")})`;
    const value: unknown = option.defaultValue;
    const standard = typeof value === "string" || typeof value === "number" ? `; default ${value}` : "";
    lines.push(".TP", `.B ${plain(option.flags)}`, plain(option.description + choices + standard));
  }
  return lines;
}

/** The words that lead to a command. */
function names(command: Command): string[] {
  const before = command.parent === null ? [] : names(command.parent);
  return [...before, command.name()];
}

function shown(commands: readonly Command[]): readonly Command[] {
  return commands.filter((command) => command.name() !== "help");
}

/** The commands below that do something themselves, however deep they stand. */
function leaves(command: Command): readonly Command[] {
  return shown(command.commands).flatMap((child) => (shown(child.commands).length > 0 ? leaves(child) : [child]));
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** Text that troff takes as text (groff_char(7)). */
function plain(text: string): string {
  const escaped = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq");
  return escaped
    .split("\n")
    .map((line) => (line.startsWith(".") ? `\\&${line}` : line))
    .join("\n");
}

const EXIT_STATUS = ["0 as asked, 1 a finding or a failure, 2 wrong usage, 75 try again later."];
