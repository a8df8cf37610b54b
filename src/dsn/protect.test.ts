import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_DEMAND, type TlsDemand } from "../mail/mod.ts";
import { isProtected, noticeDemand, waivesTls } from "./protect.ts";

const SUBMITTER = { source: "submitter", says: "asked" } as const;
const REQUIRED = { source: "requiretls", says: "asked" } as const;

test("noticeDemand, isProtected, waivesTls: what a notice asks for, by what its message asked for (RFC 8689 §4.1, §5)", () => {
  const rows: readonly (readonly [TlsDemand, string])[] = [
    [NO_DEMAND, "open may"],
    [{ level: "may", propagate: false, tlsOptional: true, because: [] }, "open may waived"],
    [{ level: "encrypt", propagate: false, because: [SUBMITTER] }, "protected may"],
    [{ level: "secure", propagate: false, by: ["dane"], mxAuthentic: "dnssec", because: [SUBMITTER] }, "protected may"],
    [{ level: "secure", propagate: false, tlsOptional: true, because: [SUBMITTER] }, "protected may waived"],
    [{ level: "secure", propagate: true, because: [REQUIRED] }, "protected secure requiretls"],
    [{ level: "secure", propagate: true, tlsOptional: true, because: [REQUIRED] }, "protected secure requiretls"],
    [
      { level: "secure", propagate: true, by: ["dane"], mxAuthentic: "dnssec", because: [REQUIRED, SUBMITTER] },
      "protected secure requiretls",
    ],
  ];
  for (const [demand, wanted] of rows) {
    const asks = noticeDemand(demand);
    const words = [
      isProtected(demand) ? "protected" : "open",
      asks.level,
      ...(asks.propagate ? ["requiretls"] : []),
      ...(asks.tlsOptional === true ? ["waived"] : []),
    ];
    assert.equal(words.join(" "), wanted);
    assert.equal(asks.tlsOptional === true, waivesTls(demand));
    // What a submitter asked for beside REQUIRETLS would hold the notice back.
    assert.ok(asks.by === undefined && asks.mxAuthentic !== "dnssec");
    assert.ok(!asks.propagate || asks.because.every(({ source }) => source === "requiretls"));
  }
});
