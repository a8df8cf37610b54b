import assert from "node:assert/strict";
import { test } from "node:test";
import { commandsFor } from "./commands.ts";

test("commandsFor: only the command that is asked for is loaded, and every one bears its name", async () => {
  const names = (await commandsFor([])).map((command) => command.name());
  assert.deepEqual(names, [
    "run",
    "send",
    "sendmail",
    "queue",
    "status",
    "pause",
    "resume",
    "drain",
    "config",
    "dns",
    "policy",
    "trace",
    "lab",
    "demo",
  ]);
  // sendmail has options of its own, without commander.
  for (const name of names.filter((one) => one !== "sendmail")) {
    for (const argv of [
      [name, "--json"],
      ["help", name],
      ["--json", name],
    ]) {
      const loaded = (await commandsFor(argv)).filter(
        (command) => command.options.length + command.commands.length > 0,
      );
      assert.deepEqual(
        loaded.map((command) => command.name()),
        [name],
        argv.join(" "),
      );
    }
  }
});
