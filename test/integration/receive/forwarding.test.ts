import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMailbox, formatReversePath } from "../../../src/mail/mod.ts";
import type { QueuedMessage } from "../../../src/queue/mod.ts";
import { needs } from "../../support/programs.ts";
import { type House, greeted, house, idsOf, recipientsOf, say } from "./_house.ts";
import { execFile } from "node:child_process";

interface Letter {
  readonly from: string;
  readonly to: readonly string[];
  readonly header?: string;
}

/** Sends letters over one session; the ids of each, or what refused it. */
async function send(here: House, letters: readonly Letter[]): Promise<readonly string[][]> {
  const { client } = await greeted(here, "plain");
  using _client = client;
  const all: string[][] = [];
  for (const { from, to, header } of letters) {
    await say(client, `MAIL FROM:${from}`);
    const refused: string[] = [];
    for (const one of to) {
      const said = await say(client, `RCPT TO:${one}`);
      if (!said.startsWith("250")) refused.push(said);
    }
    if (refused.length === to.length) {
      all.push(refused);
      await say(client, "RSET");
      continue;
    }
    await say(client, "DATA");
    const done = await say(client, `${header ?? ""}Subject: x\r\n\r\nhello\r\n.`);
    all.push(done.startsWith("250") ? [...idsOf(done)] : [done]);
  }
  return all;
}

function summary(stored: ReadonlyMap<string, QueuedMessage>, ids: readonly string[] | undefined): readonly string[] {
  return (ids ?? []).map((id) => {
    const message = stored.get(id);
    if (message === undefined) return id;
    const from = formatReversePath(message.envelope.reversePath).replace(
      /SRS([01])=[A-Z2-7]{6}=(?:[A-Z2-7]{2}=)?/,
      "SRS$1=",
    );
    return `${from} ${recipientsOf(message).join(" ")}`;
  });
}

test("SRS: only mail that goes elsewhere from somebody else's sender is rewritten, where the domain asks for it", async () => {
  await using here = await house();
  const letters: readonly (readonly [Letter, readonly string[]])[] = [
    [
      { from: "<ada@pine.example>", to: ["<away@fwd.example>"] },
      ["<SRS0=pine.example=ada@fwd.example> x@pine.example"],
    ],
    [
      { from: "<ada@pine.example>", to: ["<team@fwd.example>"] },
      ["<ada@pine.example> ann@rook.example", "<SRS0=pine.example=ada@fwd.example> x@pine.example"],
    ],
    [{ from: "<ada@pine.example>", to: ["<away@rook.example>"] }, ["<ada@pine.example> x@pine.example"]],
    [{ from: "<bo@rook.example>", to: ["<away@fwd.example>"] }, ["<bo@rook.example> x@pine.example"]],
    [{ from: "<>", to: ["<away@fwd.example>"] }, ["<> x@pine.example"]],
    [{ from: "<ada@pine.example>", to: ["<ann@fwd.example>"] }, ["<ada@pine.example> ann@fwd.example"]],
    [
      { from: "<SRS0=abcd=EF=elm.example=eve@pine.example>", to: ["<away@fwd.example>"] },
      ["<SRS1=pine.example==abcd=EF=elm.example=eve@fwd.example> x@pine.example"],
    ],
    [
      { from: `<${"a".repeat(50)}@pine.example>`, to: ["<away@fwd.example>"] },
      [`<${"a".repeat(50)}@pine.example> x@pine.example`],
    ],
  ];
  const ids = await send(
    here,
    letters.map(([letter]) => letter),
  );
  const stored = await here.reopened();
  assert.deepEqual(
    ids.map((one) => summary(stored, one)),
    letters.map(([, expected]) => expected),
  );
});

test("SRS: a notice finds its way back, everything else that comes there is refused (RFC 5321 §4.5.5)", async () => {
  await using first = await house();
  const [ids] = await send(first, [{ from: "<Ada@pine.example>", to: ["<away@fwd.example>"] }]);
  const forwarded = (await first.reopened()).get(ids?.[0] ?? "")?.envelope.reversePath;
  assert.equal(forwarded?.kind, "mailbox");
  const address = formatReversePath(forwarded ?? { kind: "null" });
  await using here = await house();
  const letters: readonly (readonly [Letter, string])[] = [
    [{ from: "<>", to: [address] }, "<> Ada@pine.example"],
    [{ from: "<>", to: [address.replace("SRS0", "srs0")] }, "<> Ada@pine.example"],
    [{ from: "<>", to: [address.toLowerCase()] }, "<> ada@pine.example"],
    [{ from: "<eve@elm.example>", to: [address] }, "550 5.7.1"],
    [{ from: "<>", to: [address.replace("Ada", "Eve")] }, "550 5.1.1"],
    [{ from: "<>", to: [address.replace("pine", "fir")] }, "550 5.1.1"],
    [{ from: "<>", to: [address.replace(/=([A-Z2-7])/, (_, c: string) => `=${c === "A" ? "B" : "A"}`)] }, "550 5.1.1"],
    [{ from: "<>", to: ["<SRS0=AAAAAA=AA=elm.example=eve@fwd.example>"] }, "550 5.1.1"],
    [{ from: "<>", to: ["<SRS0=@fwd.example>"] }, "550 5.1.1"],
    [{ from: "<>", to: [address.replace("fwd.example", "rook.example")] }, "550 5.1.1"],
    [{ from: "<>", to: [address.replace("fwd.example", "elm.example")] }, "550 5.7.1"],
  ];
  const said = await send(
    here,
    letters.map(([letter]) => letter),
  );
  const stored = await here.reopened();
  assert.deepEqual(
    said.map((one) => (summary(stored, one)[0] ?? "").replace(/^(550 [\d.]+).*/, "$1")),
    letters.map(([, expected]) => expected),
  );
});

test("forwarding: what comes back to the alias that sent it on is a loop at once (RFC 5321 §6.3)", async () => {
  await using here = await house();
  const table: readonly (readonly [Letter, RegExp])[] = [
    [{ from: "<>", to: ["<away@rook.example>"], header: "Delivered-To: away@rook.example\r\n" }, /^554 5\.4\.6/],
    [{ from: "<>", to: ["<away@rook.example>"], header: "Delivered-To: AWAY@Rook.Example\r\n" }, /^554 5\.4\.6/],
    [{ from: "<>", to: ["<deep@rook.example>"], header: "Delivered-To: deep@rook.example\r\n" }, /^554 5\.4\.6/],
    [{ from: "<>", to: ["<away@rook.example>"], header: "Delivered-To: other@rook.example\r\n" }, /^[A-Za-z0-9]+$/],
    [{ from: "<>", to: ["<away@rook.example>"], header: "Delivered-To: x@pine.example\r\n" }, /^[A-Za-z0-9]+$/],
  ];
  const said = await send(
    here,
    table.map(([letter]) => letter),
  );
  for (const [at, [letter, expected]] of table.entries())
    assert.match(said[at]?.[0] ?? "", expected, JSON.stringify(letter));
});

test("aliases: NOTIFY goes on to one target, and is answered by an expanded notice for several (RFC 3461 §5.2.7)", async () => {
  const table: readonly (readonly [rcpt: string, recipients: readonly string[], notice: boolean])[] = [
    ["<info@rook.example> NOTIFY=SUCCESS,FAILURE", ["bo@rook.example success,failure asked info@rook.example"], false],
    [
      "<info@rook.example> NOTIFY=NEVER ORCPT=rfc822;q@elm.example",
      ["bo@rook.example never rfc822;q@elm.example"],
      false,
    ],
    [
      "<team@rook.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;q@elm.example",
      ["ann@rook.example", "x@pine.example", "y@elm.example"].map((to) => `${to} failure rfc822;q@elm.example`),
      true,
    ],
    [
      "<team@rook.example> NOTIFY=SUCCESS",
      ["ann@rook.example", "x@pine.example", "y@elm.example"].map((to) => `${to} never asked team@rook.example`),
      true,
    ],
    [
      "<team@rook.example> NOTIFY=DELAY",
      ["ann@rook.example", "x@pine.example", "y@elm.example"].map((to) => `${to} delay asked team@rook.example`),
      false,
    ],
    [
      "<team@rook.example>",
      ["ann@rook.example", "x@pine.example", "y@elm.example"].map((to) => `${to} - asked team@rook.example`),
      false,
    ],
    ["<bo@rook.example> NOTIFY=SUCCESS", ["bo@rook.example success -"], false],
  ];
  for (const [rcpt, recipients, notice] of table) {
    await using here = await house();
    const [ids] = await send(here, [{ from: "<ada@pine.example> RET=HDRS ENVID=q1", to: [rcpt] }]);
    const stored = await here.reopened();
    const copies = (ids ?? []).flatMap((id) => stored.get(id) ?? []);
    const found = copies.flatMap(({ envelope }) =>
      envelope.recipients.map(({ notify, original, asked }, at) => {
        const accepted = asked === undefined ? "-" : `asked ${formatMailbox(asked)}`;
        const from = original === undefined ? accepted : `${original.type};${original.address}`;
        return `${recipientsOf({ envelope } as QueuedMessage)[at]} ${notify === undefined ? "-" : String(notify)} ${from}`;
      }),
    );
    assert.deepEqual(found, recipients, rcpt);
    assert.ok(copies.every(({ envelope }) => envelope.dsn.ret === "hdrs" && envelope.dsn.envid === "q1"));
    const notices = [...stored.values()].filter(({ id }) => ids?.includes(id) !== true);
    assert.deepEqual(
      notices.map(({ envelope }) => [envelope.reversePath.kind, envelope.origin.kind]),
      notice ? [["null", "generated"]] : [],
      rcpt,
    );
    assert.deepEqual(notices.flatMap(recipientsOf), notice ? ["ada@pine.example"] : [], rcpt);
  }
});

test("swaks sends TLS-Required: No over STARTTLS, and it is on disk (RFC 8689 §4.1)", {
  skip: needs("swaks"),
}, async () => {
  await using here = await house();
  const { port } = here.server.address;
  const words = ["--server", "127.0.0.1", "--port", String(port), "--tls", "--from", "ada@pine.example"];
  const rest = ["--to", "team@fwd.example", "--h-TLS-Required", "No", "--silent", "3"];
  const status = await new Promise<unknown>((resolve) => {
    execFile("swaks", [...words, ...rest], (error) => resolve(error?.code ?? 0));
  });
  assert.equal(status, 0);
  const stored = [...(await here.reopened()).values()];
  assert.deepEqual(
    stored.map(({ envelope }) => [envelope.demand.tlsOptional, envelope.origin.tls?.version]),
    [
      [true, "TLSv1.3"],
      [true, "TLSv1.3"],
    ],
  );
});
