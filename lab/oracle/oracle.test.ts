import assert from "node:assert/strict";
import { test } from "node:test";
import { type CellRecorder, cellRecorder } from "../world/record.ts";
import { alertOf, wrongAlert } from "./alert.ts";
import { classify, type Seen } from "./classify.ts";
import { countIn, placesOf } from "./search.ts";

const CANARY = "0123456789abcdef0123456789abcdef";
const BODY = "fedcba9876543210fedcba9876543210";
const MAIL = Buffer.from(`Subject: ${CANARY}\r\n\r\n${BODY}\r\n`);

function outcome(fill: (record: CellRecorder) => void, change: Partial<Seen> = {}): string {
  const record = cellRecorder();
  fill(record);
  const says = { state: "delivered", authenticated: true } as const;
  const seen = { record, notices: [], log: "", canary: CANARY, bodyCanary: BODY, requireTls: false, says, ...change };
  const { outcome: code, fault } = classify(seen);
  return fault === undefined ? code : `${code}: ${fault}`;
}

/** As a host takes it inside TLS, with both recordings. */
function taken(recorder: "real.mx" | "evil.mx" | "mitm.tls", place: "real" | "evil" | "mitm") {
  return (record: CellRecorder): void => {
    record.content({ recorder, channel: "tls", octets: MAIL });
    record.track(place)(MAIL);
  };
}

function inClear(record: CellRecorder): void {
  record.content({ recorder: "wire.clear", channel: "clear", octets: MAIL });
  record.track("wire")(MAIL);
}

test("the oracle tells every outcome from the recordings", () => {
  const failed = { says: { state: "failed", authenticated: false } } as const;
  assert.deepEqual(
    {
      safe: outcome(taken("real.mx", "real")),
      unproved: outcome(taken("real.mx", "real"), { says: { state: "delivered", authenticated: false } }),
      clear: outcome(inClear),
      "clear beats safe": outcome((record) => [inClear, taken("real.mx", "real")].forEach((fill) => fill(record))),
      intercepted: outcome(taken("mitm.tls", "mitm")),
      "at the attacker's host": outcome(taken("evil.mx", "evil")),
      twice: outcome((record) => [1, 2].forEach(() => taken("real.mx", "real")(record))),
      deferred: outcome(() => undefined, { says: { state: "deferred", authenticated: false } }),
      returned: outcome(() => undefined, { ...failed, notices: [Buffer.from("no")] }),
      "failed, and nobody told": outcome(() => undefined, failed),
      refused: outcome(() => undefined, { says: { state: "refused", authenticated: false } }),
      "said to be delivered, and nowhere": outcome(() => undefined),
      "neither queued nor tried": outcome(() => undefined, { says: { state: "gone", authenticated: false } }),
      "a notice that carries what it must not": outcome(() => undefined, {
        ...failed,
        requireTls: true,
        notices: [MAIL],
      }),
    },
    {
      safe: "S",
      unproved: "U",
      clear: "C",
      "clear beats safe": "C",
      intercepted: "I",
      "at the attacker's host": "I",
      twice: "DUP",
      deferred: "D",
      returned: "B",
      "failed, and nobody told": "LOST",
      refused: "B",
      "said to be delivered, and nowhere": "LOST",
      "neither queued nor tried": "LOST",
      "a notice that carries what it must not": "C",
    },
  );
});

test("where the two searches disagree, or a secret is in the log, the cell is an error", () => {
  const content = (record: CellRecorder): void => record.content({ recorder: "real.mx", channel: "tls", octets: MAIL });
  assert.deepEqual(
    [
      outcome((record) => record.track("wire")(MAIL)),
      outcome(content),
      outcome(taken("real.mx", "real"), { log: `subject ${CANARY}` }),
      outcome(
        (record) =>
          [taken("real.mx", "real"), () => record.note("mx tls ? AUTH PLAIN")].forEach((fill) => fill(record)),
        { injected: "AUTH" },
      ),
    ],
    [
      "ERROR: the two searches disagree about wire",
      "ERROR: the two searches disagree about real",
      "ERROR: the log holds what the message says",
      "ERROR: what was injected had an effect: AUTH",
    ],
  );
});

test("a canary is found as it is, in base64 at any offset, and across soft line breaks", () => {
  const coded = (before: string): Buffer => Buffer.from(Buffer.from(`${before}${CANARY} and more`).toString("base64"));
  const broken = Buffer.from(`${CANARY.slice(0, 10)}=\r\n${CANARY.slice(10)}`);
  const wrapped = Buffer.from(coded("ab").toString().replace(/.{30}/g, "$&\r\n"));
  const all = [Buffer.from(CANARY), coded(""), coded("a"), coded("ab"), broken, wrapped, Buffer.from("no canary")];
  assert.deepEqual(
    all.map((octets) => countIn(octets, CANARY) > 0),
    [true, true, true, true, true, true, false],
  );
});

test("the second search finds a canary that was cut into pieces", () => {
  const record = cellRecorder();
  const write = record.track("wire");
  for (const octet of MAIL) write(Uint8Array.of(octet));
  assert.deepEqual([...placesOf(record, CANARY)], ["wire"]);
});

test("a wrong result type, a missing one, a false alarm and silence are told apart (RFC 8460 §4.3)", () => {
  const seen = (failures: readonly string[], state = "delivered"): ReturnType<typeof alertOf> =>
    alertOf({ failures, says: { state }, log: [] }, "why");
  const wanted = { results: ["certificate-expired"], local: true };
  assert.deepEqual(
    [
      wrongAlert(seen(["certificate-expired"]), wanted),
      wrongAlert(seen(["validation-failure"]), wanted),
      wrongAlert(seen([]), wanted),
      wrongAlert(seen(["certificate-expired"]), { results: [], local: false }),
      wrongAlert(seen([]), { results: [], local: true }),
      wrongAlert(seen([], "deferred"), { results: [], local: true }),
      wrongAlert(seen([]), { results: [], local: false }),
    ],
    [
      undefined,
      "the report has validation-failure instead of certificate-expired",
      "the report has nothing instead of certificate-expired",
      "the report has certificate-expired instead of nothing",
      "nobody is told",
      undefined,
      undefined,
    ],
  );
});
