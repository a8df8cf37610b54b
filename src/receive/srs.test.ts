import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { domain, formatMailbox, type Mailbox, parseMailbox } from "../mail/mod.ts";
import { isRewritten, originalSender, rewriteSender, type SrsSecrets } from "./srs.ts";

const DAY = 86_400_000;
const AT = 20_000 * DAY;
const SECRETS: SrsSecrets = ["first secret"];
const ROOK = domain("rook.example");

function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text, { utf8: true });
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function forward(sender: string, through = ROOK, secrets = SECRETS, at = AT): string {
  const rewritten = rewriteSender(mailbox(sender), through, { secrets, at });
  return rewritten.ok ? formatMailbox(rewritten.value) : rewritten.error;
}

function back(address: string, secrets = SECRETS, at = AT): string {
  const original = originalSender(mailbox(address).localPart, { secrets, at });
  return original.ok ? formatMailbox(original.value) : original.error;
}

test("rewriteSender: the three forms, each of which finds its way back", () => {
  const once = forward("Ada.L@pine.example");
  assert.match(once, /^SRS0=[A-Z2-7]{6}=[A-Z2-7]{2}=pine\.example=Ada\.L@rook\.example$/);
  assert.equal(back(once), "Ada.L@pine.example");
  const twice = forward(once, domain("fir.example"));
  assert.match(twice, /^SRS1=[A-Z2-7]{6}=rook\.example==[A-Z2-7]{6}=[A-Z2-7]{2}=pine\.example=Ada\.L@fir\.example$/);
  assert.equal(back(twice), once);
  const thrice = forward(twice, domain("elm.example"), ["another"]);
  assert.match(thrice, /^SRS1=[A-Z2-7]{6}=rook\.example==[A-Z2-7]{6}=[A-Z2-7]{2}=pine\.example=Ada\.L@elm\.example$/);
  assert.equal(back(thrice, ["another"]), once);
  // The separators "+" and "-" behind a foreign SRS0 are kept for its maker.
  assert.equal(
    back(forward("SRS0+yf09=Cw=orig.example=alice@fwd.example")),
    "SRS0+yf09=Cw=orig.example=alice@fwd.example",
  );
  assert.equal(back(forward("srs0-a@fwd.example")), "SRS0-a@fwd.example");
  assert.equal(back(forward("SRS1=nothing@fwd.example")), "SRS1=nothing@fwd.example");
});

test("rewriteSender: what cannot be rewritten stays as it is (RFC 5321 §4.5.3.1.1)", () => {
  const fits = 64 - "SRS0=TTTTTT=DD=pine.example=".length;
  assert.match(forward(`${"a".repeat(fits)}@pine.example`), /^SRS0/);
  assert.equal(forward(`${"a".repeat(fits + 1)}@pine.example`), "too-long");
  assert.equal(forward(`${"é".repeat(fits / 2)}a@pine.example`), "too-long");
  assert.equal(forward("ada@[192.0.2.1]"), "no-domain");
});

test("originalSender: letter case changes nothing, twelve days do", () => {
  const address = forward("ada@pine.example");
  assert.equal(back(address.toUpperCase()), "ADA@pine.example");
  assert.equal(back(address.toLowerCase()), "ada@pine.example");
  const table = [-1, 0, 1, 12, 13, 1023].map((days) => back(address, SECRETS, AT + days * DAY));
  assert.deepEqual(table, [
    "expired",
    "ada@pine.example",
    "ada@pine.example",
    "ada@pine.example",
    "expired",
    "expired",
  ]);
});

test("originalSender: an older secret still proves, an unknown one does not", () => {
  const address = forward("ada@pine.example", ROOK, ["old"]);
  assert.equal(back(address, ["new", "old"]), "ada@pine.example");
  assert.equal(back(address, ["new"]), "forged");
});

test("originalSender: what is not of the scheme, or not whole", () => {
  const table: [string, boolean, string][] = [
    ["ada", false, "malformed"],
    ["SRS0", false, "malformed"],
    ["SRS0=", true, "malformed"],
    ["SRS0=AAAAAA", true, "malformed"],
    ["SRS0=AAAAAA=AA=pine.example=ada", true, "forged"],
    ["srs2=AAAAAA=AA=pine.example=ada", false, "malformed"],
    ["SRS1=AAAAAA=pine.example==x", true, "forged"],
    ["srsly=what", false, "malformed"],
  ];
  for (const [localPart, known, fault] of table) {
    const result = originalSender(localPart, { secrets: SECRETS, at: AT });
    assert.deepEqual([isRewritten(localPart), result.ok ? "ok" : result.error], [known, fault], localPart);
  }
});

const senders = fc
  .tuple(fc.stringMatching(/^[a-zA-Z0-9=+_.'-]{1,20}$/), fc.constantFrom("pine.example", "a.b.example", "x.example"))
  .filter(([local]) => parseMailbox(`${local}@x.example`).ok)
  .map(([local, host]) => `${local}@${host}`);

test("SRS: every sender that can be rewritten comes back as it was", () => {
  fc.assert(
    fc.property(senders, fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 50_000 }), (sender, age, day) => {
      const rewritten = forward(sender, ROOK, SECRETS, day * DAY);
      if (rewritten === "too-long") return;
      // The name of the scheme itself comes back in capitals.
      assert.equal(
        back(rewritten, SECRETS, (day + age) * DAY).replace(/^SRS0/, "srs0"),
        sender.replace(/^SRS0/i, "srs0"),
      );
    }),
    { numRuns: 2000 },
  );
});

test("SRS: one changed character makes it worthless, whichever it is", () => {
  fc.assert(
    fc.property(
      senders,
      fc.nat(),
      fc.constantFrom(...Array.from("abcdefghijklmnopqrstuvwxyz0123456789=+-.")),
      (sender, where, put) => {
        const rewritten = forward(sender);
        if (rewritten === "too-long") return;
        const { localPart } = mailbox(rewritten);
        const at = 5 + (where % (localPart.length - 5));
        const forged = localPart.slice(0, at) + put + localPart.slice(at + 1);
        if (forged.toLowerCase() === localPart.toLowerCase()) return;
        assert.equal(originalSender(forged, { secrets: SECRETS, at: AT }).ok, false, forged);
      },
    ),
    { numRuns: 5000 },
  );
});
