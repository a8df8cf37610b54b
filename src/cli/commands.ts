import { Command } from "commander";

interface Entry {
  readonly name: string;
  /** One line for the list of commands. */
  readonly about: string;
  readonly load: () => Promise<Command>;
}

/** The commands; those that are not asked for are names in the help and load nothing. */
export async function commandsFor(argv: readonly string[]): Promise<readonly Command[]> {
  const words = argv.filter((word) => !word.startsWith("-"));
  const asked = words[0] === "help" ? words[1] : words[0];
  return await Promise.all(
    COMMANDS.map(async ({ name, about, load }) =>
      name === asked ? await load() : new Command(name).description(about),
    ),
  );
}

const COMMANDS: readonly Entry[] = [
  {
    name: "run",
    about: "Run the mail transfer agent in the foreground",
    load: async () => (await import("./run.ts")).runCommand(),
  },
  {
    name: "send",
    about: "Queue a message on this machine",
    load: async () => (await import("./send.ts")).sendCommand(),
  },
  {
    name: "sendmail",
    about: "Take a message from standard input as /usr/sbin/sendmail does",
    load: async () => new Command("sendmail"),
  },
  {
    name: "queue",
    about: "Look at the mail that waits",
    load: async () => (await import("./queue.ts")).queueCommand(),
  },
  {
    name: "status",
    about: "Show what the daemon does, what is paused, and what went wrong",
    load: async () => (await import("./status.ts")).statusCommand(),
  },
  {
    name: "pause",
    about: "Stop taking mail, sending it, or both",
    load: async () => (await import("./pause.ts")).pauseCommand(),
  },
  {
    name: "resume",
    about: "End what `pause` began",
    load: async () => (await import("./pause.ts")).resumeCommand(),
  },
  {
    name: "drain",
    about: "Deliver what is due, then end the daemon",
    load: async () => (await import("./drain.ts")).drainCommand(),
  },
  {
    name: "config",
    about: "Check the configuration, or show what it means",
    load: async () => (await import("./config.ts")).configCommand(),
  },
  {
    name: "dns",
    about: "Ask DNS, validate the answer, and show the chain of trust",
    load: async () => (await import("./dns.ts")).dnsCommand(),
  },
  {
    name: "policy",
    about: "Show how mail to a domain would be protected, and why; or what was counted of it",
    load: async () => (await import("./policy.ts")).policyCommand(),
  },
  {
    name: "trace",
    about: "Show the way a message took, how each hop was protected, and what of it can be believed",
    load: async () => (await import("./trace.ts")).traceCommand(),
  },
  {
    name: "lab",
    about: "Play every attack of the threat catalogue against every policy, on loopback",
    load: async () => (await import("./lab.ts")).labCommand(),
  },
  {
    name: "demo",
    about: "Show the program at work on loopback",
    load: async () => (await import("./demo.ts")).demoCommand(),
  },
];

/** The name of every command, in the order of the help. */
export const COMMAND_NAMES: readonly string[] = COMMANDS.map(({ name }) => name);
