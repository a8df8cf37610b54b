import { type Client, openClient } from "./client.ts";
import { mishears } from "./hears.ts";
import type { House } from "./house.ts";
import { doStep, type Player } from "./steps.ts";
import type { ClientPlay, ClientStep, Hears } from "./types.ts";

export interface RunOf {
  /** Where the step that is split is cut. */
  readonly cut: Player["cut"] | undefined;
  readonly canary: string;
}

/** What came of one run, but for what reached others. */
export interface Done {
  readonly canaries: readonly string[];
  /** Of the honest messages, one each. */
  readonly honest: readonly string[];
  readonly fault: string | undefined;
}

/** Plays it once: the attackers, and the honest client while they are still there. */
export async function playOnce(play: ClientPlay, { cut, canary }: RunOf, house: House): Promise<Done> {
  const { crowd = 1, opens = { kind: "clear" }, steps, honestFrom, nobody } = play;
  const canaries = Array.from({ length: crowd }, (_, at) => (crowd === 1 ? canary : `${canary}-${at}`));
  const honest: string[] = [];
  using left = new DisposableStack();
  const meet = async (): Promise<string | undefined> => {
    if (nobody !== undefined) return await honestMail(house, { canary, hears: nobody });
    honest.push(`${canary.split("").reverse().join("")}-${honest.length}`);
    return await honestMail(house, {
      canary: honest.at(-1) ?? "",
      ...(honestFrom === undefined ? {} : { from: honestFrom }),
    });
  };
  const opened = await Promise.all(canaries.map(async () => await openClient(house, opens)));
  const wrong = opened.find((one) => typeof one === "string" && one !== "as it must");
  const players = opened.flatMap((client, at): Player[] =>
    typeof client === "string" ? [] : [{ client, canary: canaries[at] ?? "", ...(cut === undefined ? {} : { cut }) }],
  );
  left.defer(() => {
    for (const { client } of players) client[Symbol.dispose]();
  });
  const fault =
    (typeof wrong === "string" ? wrong : undefined) ??
    (await playSteps(greeted(opens.kind, steps), { players, house, meet })) ??
    (await meet()) ??
    saidMore(players);
  const where = cut === undefined || fault === undefined ? fault : `cut at ${cut}: ${fault}`;
  return { canaries, honest, fault: where };
}

interface Honest {
  readonly canary: string;
  readonly from?: string;
  readonly hears?: Hears;
}

/** An honest client that brings one message; the text says what hindered it. */
async function honestMail(
  house: House,
  { canary, from, hears = "250*3 354 250 221" }: Honest,
): Promise<string | undefined> {
  const opened = await openClient(house, { kind: "clear" }, from);
  if (typeof opened === "string") return opened;
  using client: Client = opened;
  const heard = await mishears(client, "220");
  if (heard !== undefined) return `the honest client ${heard}`;
  const step: ClientStep = {
    kind: "say",
    lines: [
      "EHLO honest.test",
      "MAIL FROM:<cy@honest.test>",
      "RCPT TO:<ann@house.test>",
      "DATA",
      "Subject: CANARY\r\n\r\nhello\r\n.",
      "QUIT",
    ],
    hears,
  };
  const fault = await doStep(step, { client, canary }, house);
  return fault === undefined ? undefined : `the honest client ${fault}`;
}

function greeted(kind: string, steps: readonly ClientStep[]): readonly ClientStep[] {
  return kind === "tcp" ? steps : [{ kind: "hears", hears: "220" }, ...steps];
}

interface Playing {
  readonly players: readonly Player[];
  readonly house: House;
  readonly meet: () => Promise<string | undefined>;
}

/** Step by step, all clients of a crowd together. */
async function playSteps(steps: readonly ClientStep[], playing: Playing): Promise<string | undefined> {
  for (const step of playing.players.length === 0 ? [] : steps) {
    const fault = await together(step, playing);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

async function together(step: ClientStep, { players, house, meet }: Playing): Promise<string | undefined> {
  if (step.kind === "honest") return await meet();
  if (step.kind === "passes") {
    await house.clock.advance(step.span);
    return undefined;
  }
  if (step.kind === "trickle") {
    for (const octet of step.text) {
      await Promise.all(players.map(async ({ client }) => await client.send(octet)));
      await house.clock.advance(step.every);
    }
    return undefined;
  }
  const faults = await Promise.all(players.map(async (player) => await doStep(step, player, house)));
  return faults.find((one) => one !== undefined);
}

function saidMore(players: readonly Player[]): string | undefined {
  const more = players.flatMap(({ client }) => client.rest());
  return more.length === 0 ? undefined : `the server went on with ${more.slice(0, 5).join(" ")}`;
}
