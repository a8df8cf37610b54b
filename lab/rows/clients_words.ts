import type { ClientStep, Hears } from "../clients/types.ts";

/** What rows about clients are written with. */
export const TALK: readonly string[] = ["EHLO client.test", "MAIL FROM:<ada@client.test>", "RCPT TO:<bo@house.test>"];

/** A whole transaction that an attacker slips in behind something; its message is known by a field in its header. */
export const SMUGGLED: string = [
  "MAIL FROM:<evil@client.test>",
  "RCPT TO:<bo@house.test>",
  "DATA",
  "X-Smuggled: CANARY",
  "Subject: CANARY",
  "",
  "smuggled",
  ".",
  "",
].join("\r\n");

export function say(hears: Hears, ...lines: readonly string[]): ClientStep {
  return { kind: "say", lines, hears };
}

export function send(text: string, hears?: Hears): ClientStep {
  return { kind: "send", text, ...(hears === undefined ? {} : { hears }) };
}

export function hears(what: Hears): ClientStep {
  return { kind: "hears", hears: what };
}

export function passes(span: number): ClientStep {
  return { kind: "passes", span };
}

/** Up to the content of a message. */
export const IN_DATA: ClientStep = say("250*3 354", ...TALK, "DATA");
/** Up to the recipient. */
export const IN_MAIL: ClientStep = say("250*3", ...TALK);
export const SECOND = 1000;
export const MINUTE = 60_000;
