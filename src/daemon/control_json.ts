import { type Bytes, err, ok, type Result } from "../base/mod.ts";
import { formatMailbox, type Mailbox, NULL_REVERSE_PATH, parseMailbox, type ReversePath } from "../mail/mod.ts";
import { demandFault, type LocalMessage } from "../submission/mod.ts";
import { readDsn, writeDsn } from "./dsn_query.ts";
import { readTls, writeTls } from "./tls_query.ts";

/** How a local message travels over the control socket: envelope in the query, content as the body. */
export function localMessageQuery(message: LocalMessage): URLSearchParams {
  const query = new URLSearchParams({ tls: message.demand });
  if (message.from.kind === "mailbox") query.set("from", formatMailbox(message.from.mailbox));
  for (const mailbox of message.to) query.append("to", formatMailbox(mailbox));
  writeDsn(message.dsn, query);
  writeTls(query, message.tls);
  return query;
}

export function localMessageOf(query: URLSearchParams, content: Bytes): Result<LocalMessage, string> {
  const tls = query.get("tls") ?? "may";
  if (tls !== "may" && tls !== "encrypt" && tls !== "secure") return err(`${JSON.stringify(tls)} is no TLS level`);
  const from = reversePathOf(query.get("from") ?? "");
  if (!from.ok) return from;
  const to: Mailbox[] = [];
  for (const text of query.getAll("to")) {
    const parsed = parseMailbox(text, { utf8: true });
    if (!parsed.ok) return err(parsed.error.detail);
    to.push(parsed.value);
  }
  const dsn = readDsn(query);
  const finer = readTls(query);
  if (!finer.ok) return finer;
  if (to.length === 0) return err("There is no recipient");
  const message: LocalMessage = { from: from.value, to, demand: tls, tls: finer.value, dsn, content };
  const fault = demandFault(message);
  return fault === undefined ? ok(message) : err(fault);
}

/** "" and "<>" are the null reverse-path. */
export function reversePathOf(text: string): Result<ReversePath, string> {
  if (text === "" || text === "<>") return ok(NULL_REVERSE_PATH);
  const parsed = parseMailbox(text, { utf8: true });
  return parsed.ok ? ok({ kind: "mailbox", mailbox: parsed.value }) : err(parsed.error.detail);
}
