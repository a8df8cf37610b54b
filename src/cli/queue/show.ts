import { Command } from "commander";
import type { DestinationJson, MessageJson } from "../../daemon/mod.ts";
import { print, printJson } from "../print.ts";
import { type CommonOptions, noSuchMessage, orFail, queueOf, withCommon } from "./options.ts";
import { tlsWord } from "./text.ts";

/** `hopseal queue show ID`. */
export function showCommand(): Command {
  const command = new Command("show").argument("<id>");
  return withCommon(
    command.description("Show one message: envelope, demands, and the state of every recipient"),
  ).action(async (id: string, options: CommonOptions) => {
    const message = await orFail(() => queueOf(options).show(id));
    if (message === undefined) throw noSuchMessage(id);
    if (options.json === true) printJson({ version: 1, message });
    else print(details(message));
  });
}

function details(message: MessageJson): string {
  const head = [
    `id        ${message.id}`,
    `from      ${message.from}`,
    `accepted  ${message.accepted}${message.client === undefined ? "" : ` from ${message.client}`} (${message.origin})`,
    `size      ${message.size} octets`,
    `demands   tls ${tlsWord(message)}`,
  ];
  return [...head, ...message.destinations.flatMap(unitLines)].join("\n");
}

function unitLines(to: DestinationJson): string[] {
  const crashes = to.crashes === 0 ? "" : `, ${to.crashes} crash(es)`;
  const held = to.heldBy === undefined ? "" : ` (${to.heldBy})`;
  const reason = to.reason === undefined ? [] : [`    why: ${to.reason}`];
  return [
    `${to.destination}: ${to.state}${held}, ${to.attempts} attempt(s)${crashes}, next ${to.next}`,
    ...reason,
    ...to.recipients.map(({ address, state, code, enhanced, text, warned }) => {
      const words = [code, enhanced, text].filter((word) => word !== undefined).join(" ");
      return `    ${address}: ${state}${words === "" ? "" : ` (${words})`}${warned === true ? ", sender warned" : ""}`;
    }),
  ];
}
