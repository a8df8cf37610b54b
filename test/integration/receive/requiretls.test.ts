import assert from "node:assert/strict";
import { test } from "node:test";
import { greeted, type HouseOptions, house, idsOf, recipientsOf, say } from "./_house.ts";

type Demand = "none" | "secure" | "optional";

interface Row {
  readonly name: string;
  readonly house?: HouseOptions;
  readonly mode?: "plain" | "starttls" | "implicit" | "helo";
  readonly mail?: string;
  readonly to?: string;
  readonly header?: string;
  /** Whether EHLO offers REQUIRETLS. */
  readonly offered: boolean;
  /** The code and enhanced code of MAIL. */
  readonly said?: string;
  /** What is on disk after a restart, for each copy: its recipients and demand. */
  readonly kept?: readonly (readonly [to: string, demand: Demand])[];
  /** The sources of the reasons that are kept, in order. */
  readonly because?: string;
}

const BO = "bo@rook.example";
const NO = "TLS-Required: No\r\n";
const ROWS: readonly Row[] = [
  { name: "§2: not offered in clear", mode: "plain", offered: false, kept: [[BO, "none"]] },
  { name: "§2: offered inside STARTTLS", offered: true, kept: [[BO, "none"]] },
  {
    name: "§2: offered inside implicit TLS, on submission",
    house: { tls: "implicit", known: true },
    mode: "implicit",
    offered: true,
    mail: " REQUIRETLS",
    kept: [[BO, "secure"]],
    because: "requiretls",
  },
  {
    name: "§2: not offered where it is switched off",
    house: { requireTls: false },
    offered: false,
    kept: [[BO, "none"]],
  },
  { name: "§2: the parameter in clear", mode: "plain", mail: " REQUIRETLS", offered: false, said: "555 5.5.4" },
  {
    name: "§2: the parameter where it is switched off",
    house: { requireTls: false },
    mail: " REQUIRETLS",
    offered: false,
    said: "555 5.5.4",
  },
  { name: "§2: the parameter after HELO", mode: "helo", mail: " REQUIRETLS", offered: false, said: "555 5.5.4" },
  { name: "§2: a value", mail: " REQUIRETLS=DANE", offered: true, said: "501 5.5.4" },
  { name: "§2: an empty value", mail: " REQUIRETLS=", offered: true, said: "501 5.5.4" },
  { name: "§2: a value in clear", mode: "plain", mail: " REQUIRETLS=NO", offered: false, said: "501 5.5.4" },
  { name: "§2: given twice", mail: " REQUIRETLS REQUIRETLS", offered: true, said: "501 5.5.4" },
  { name: "§4.1: tagged", mail: " REQUIRETLS", offered: true, kept: [[BO, "secure"]], because: "requiretls" },
  {
    name: "§4.1: letter case and other parameters do not matter",
    mail: " SIZE=100 requireTLS BODY=8BITMIME RET=FULL",
    offered: true,
    kept: [[BO, "secure"]],
    because: "requiretls",
  },
  {
    name: "§4.1: an alias keeps the tag on every copy",
    mail: " REQUIRETLS",
    to: "team@rook.example",
    offered: true,
    kept: [
      ["ann@rook.example", "secure"],
      ["x@pine.example y@elm.example", "secure"],
    ],
    because: "requiretls",
  },
  {
    name: "§4.1: an alias of an alias too",
    mail: " REQUIRETLS",
    to: "deep@rook.example",
    offered: true,
    kept: [
      ["ann@rook.example", "secure"],
      ["x@pine.example y@elm.example", "secure"],
    ],
  },
  {
    name: "§4.1, §6: a rewritten sender too",
    mail: " REQUIRETLS",
    to: "team@fwd.example",
    offered: true,
    kept: [
      ["ann@rook.example", "secure"],
      ["x@pine.example", "secure"],
    ],
  },
  {
    name: "§4.1: TLS-Required: No",
    header: NO,
    offered: true,
    kept: [[BO, "optional"]],
    because: "tls-required-no",
  },
  { name: "§4.1: TLS-Required: No in clear", mode: "plain", header: NO, offered: false, kept: [[BO, "optional"]] },
  {
    name: "§4.1: TLS-Required: No where REQUIRETLS is switched off",
    house: { requireTls: false },
    header: NO,
    offered: false,
    kept: [[BO, "optional"]],
  },
  {
    name: "§4.1: an alias keeps TLS-Required: No on every copy",
    header: NO,
    to: "team@fwd.example",
    offered: true,
    kept: [
      ["ann@rook.example", "optional"],
      ["x@pine.example", "optional"],
    ],
  },
  {
    name: "§4.1: REQUIRETLS beats the field",
    mail: " REQUIRETLS",
    header: NO,
    offered: true,
    kept: [[BO, "secure"]],
    because: "requiretls tls-required-no",
  },
  { name: "§3: letter case and folding", header: "tls-REQUIRED:\r\n nO\r\n", offered: true, kept: [[BO, "optional"]] },
  { name: "§3: repeated, all No", header: `${NO}${NO}`, offered: true, kept: [[BO, "optional"]] },
  { name: "§3: repeated, not all No", header: `${NO}TLS-Required: Yes\r\n`, offered: true, kept: [[BO, "none"]] },
  { name: "§3: another value", header: "TLS-Required: Yes\r\n", offered: true, kept: [[BO, "none"]] },
  { name: "§3: a comment", header: "TLS-Required: No (hurry)\r\n", offered: true, kept: [[BO, "none"]] },
  { name: "§3: a field of the body", header: `\r\n${NO}`, offered: true, kept: [[BO, "none"]] },
  {
    name: "§8.3: taken from known senders only, from a stranger",
    house: { taking: "authenticated" },
    header: NO,
    offered: true,
    kept: [[BO, "none"]],
    because: "tls-required-no",
  },
  {
    name: "§8.3: taken from known senders only, from one",
    house: { taking: "authenticated", known: true },
    header: NO,
    offered: true,
    kept: [[BO, "optional"]],
  },
  {
    name: "§8.3: ignored from everybody",
    house: { taking: "ignore", known: true },
    header: NO,
    offered: true,
    kept: [[BO, "none"]],
    because: "tls-required-no",
  },
];

for (const row of ROWS) {
  test(`RFC 8689 ${row.name}`, async () => {
    await using here = await house(row.house);
    const { client, keywords } = await greeted(here, row.mode ?? "starttls");
    using _client = client;
    assert.equal(keywords.includes("REQUIRETLS"), row.offered);
    const said = await say(client, `MAIL FROM:<ada@pine.example>${row.mail ?? ""}`);
    assert.ok(said.startsWith(row.said ?? "250 2.1.0"), said);
    if (row.kept === undefined) {
      assert.equal((await here.reopened()).size, 0);
      return;
    }
    assert.equal(await client.ask(`RCPT TO:<${row.to ?? BO}>`), 250);
    assert.equal(await client.ask("DATA"), 354);
    const done = await say(client, `${row.header ?? ""}Subject: x\r\n\r\nhello\r\n.`);
    assert.ok(done.startsWith("250 2.6.0"), done);
    const stored = await here.reopened();
    const copies = idsOf(done).map((id) => {
      const message = stored.get(id);
      assert.ok(message !== undefined);
      return message;
    });
    assert.deepEqual(
      copies.map((message) => {
        const { level, mxAuthentic, propagate, tlsOptional } = message.envelope.demand;
        const secure = level === "secure" && mxAuthentic === "dnssec-or-sts" && propagate && tlsOptional !== true;
        const plain = level === "may" && mxAuthentic === undefined && !propagate;
        const demand = secure ? "secure" : plain ? (tlsOptional === true ? "optional" : "none") : "mixed";
        return [recipientsOf(message).join(" "), demand];
      }),
      row.kept,
    );
    if (row.because === undefined) return;
    for (const { envelope } of copies) {
      assert.equal(envelope.demand.because.map(({ source }) => source).join(" "), row.because);
      for (const { says, rule } of envelope.demand.because) {
        assert.match(says, /127\.0\.0\.1/);
        assert.equal(rule, "RFC 8689 §4.1");
      }
    }
  });
}

test("RFC 8689 §4.1: the tag of one message does not reach the next one of the session, nor one after RSET", async () => {
  await using here = await house();
  const { client } = await greeted(here, "starttls");
  using _client = client;
  const ids: string[] = [];
  const MAILS = [" REQUIRETLS", "", " REQUIRETLS RSET", ""];
  for (const mail of MAILS) {
    const reset = mail.endsWith(" RSET");
    assert.equal(await client.ask(`MAIL FROM:<ada@pine.example>${mail.replace(" RSET", "")}`), 250);
    if (reset) {
      assert.equal(await client.ask("RSET"), 250);
      continue;
    }
    assert.equal(await client.ask(`RCPT TO:<${BO}>`), 250);
    assert.equal(await client.ask("DATA"), 354);
    ids.push(...idsOf(await say(client, "Subject: x\r\n\r\n.")));
  }
  const stored = await here.reopened();
  assert.deepEqual(
    ids.map((id) => stored.get(id)?.envelope.demand.propagate),
    [true, false, false],
  );
});

test("RFC 8689 §4.1: BDAT and a header in pieces are read like DATA", async () => {
  await using here = await house();
  const { client } = await greeted(here, "starttls");
  using _client = client;
  assert.equal(await client.ask("MAIL FROM:<ada@pine.example> BODY=BINARYMIME"), 250);
  assert.equal(await client.ask(`RCPT TO:<${BO}>`), 250);
  const header = "Subject: x\r\nTLS-Required: No\r\n";
  for (const octet of header) {
    client.send(`BDAT 1\r\n${octet}`);
    assert.equal((await client.reply())?.code, 250);
  }
  const done = await say(client, "BDAT 4 LAST\r\n\r\n\r");
  const stored = await here.reopened();
  assert.deepEqual(
    idsOf(done).map((id) => stored.get(id)?.envelope.demand.tlsOptional),
    [true],
  );
});
