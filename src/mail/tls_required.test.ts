import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../base/mod.ts";
import { NO_DEMAND, type TlsDemand } from "./demand.ts";
import { headerScanner } from "./header.ts";
import { asksForNoTls, type NoTlsTaking, TLS_REQUIRED, withHeader } from "./tls_required.ts";

function asked(header: string): boolean {
  const scanner = headerScanner({ collect: [TLS_REQUIRED] });
  scanner.push(utf8(header));
  scanner.end();
  return asksForNoTls(scanner.result().values.get(TLS_REQUIRED));
}

test("asksForNoTls: the field says No and nothing else (RFC 8689 §3)", () => {
  const table: [header: string, asked: boolean][] = [
    ["TLS-Required: No\r\n\r\n", true],
    ["TLS-Required:No\r\n\r\n", true],
    ["tls-required: nO\r\n\r\n", true],
    ["TLS-Required:\r\n\t No \r\n\r\n", true],
    ["TLS-Required: No\r\nSubject: x\r\nTLS-Required: no\r\n\r\n", true],
    ["TLS-Required: No\r\nTLS-Required: Yes\r\n\r\n", false],
    ["TLS-Required: Yes\r\n\r\n", false],
    ["TLS-Required:\r\n\r\n", false],
    ["TLS-Required: No (really)\r\n\r\n", false],
    ["TLS-Required: (no) No\r\n\r\n", false],
    ["TLS-Required: N\r\n o\r\n\r\n", false],
    ["TLS-Required: No, No\r\n\r\n", false],
    ['TLS-Required: "No"\r\n\r\n', false],
    ["X-TLS-Required: No\r\n\r\n", false],
    ["TLS-Requiredx: No\r\n\r\n", false],
    ["Subject: x\r\n\r\nTLS-Required: No\r\n", false],
    ["Subject: x\r\n\r\n", false],
  ];
  assert.deepEqual(
    table.map(([header]) => [header, asked(header)]),
    table,
  );
});

test("withHeader: whose wish counts, and what it yields to (RFC 8689 §4.1)", () => {
  const requireTls: TlsDemand = { level: "secure", propagate: true, because: [] };
  const encrypt: TlsDemand = { level: "encrypt", propagate: false, because: [] };
  const who = "the client 192.0.2.1";
  const table: [TlsDemand, NoTlsTaking, known: boolean, optional: boolean, says: string][] = [
    [NO_DEMAND, "all", false, true, `${who} wrote TLS-Required: No`],
    [NO_DEMAND, "all", true, true, `${who} wrote TLS-Required: No`],
    [NO_DEMAND, "authenticated", true, true, `${who} wrote TLS-Required: No`],
    [
      NO_DEMAND,
      "authenticated",
      false,
      false,
      `TLS-Required: No in the message of ${who} is ignored, as it is not one of our senders`,
    ],
    [NO_DEMAND, "ignore", true, false, `TLS-Required: No in the message of ${who} is ignored here`],
    [requireTls, "all", true, false, `TLS-Required: No in the message of ${who} yields to REQUIRETLS`],
    [encrypt, "all", true, false, `TLS-Required: No in the message of ${who} yields to the level that was asked for`],
  ];
  for (const [demand, taking, known, optional, says] of table) {
    const found = withHeader(demand, { values: ["No"], taking, known, who });
    const because = [{ source: "tls-required-no", says, rule: "RFC 8689 §4.1" }];
    assert.deepEqual(found, { ...demand, because, ...(optional ? { tlsOptional: true } : {}) });
    for (const values of [undefined, [], ["Yes"], ["No", "maybe"]])
      assert.equal(withHeader(demand, { values, taking, known, who }), demand);
  }
});
