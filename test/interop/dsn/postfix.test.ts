import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDeliveryReport } from "../../../src/dsn/mod.ts";
import { house, notices, send, told } from "../../integration/dsn/_house.ts";
import { startPeer } from "../../integration/delivery/_peer.ts";
import { startHopseal } from "../../support/hopseal.ts";
import { freePort } from "../../support/port.ts";
import { startPostfix } from "../../support/postfix.ts";
import { needs } from "../../support/programs.ts";

const skip = needs("postfix");
const LATER = 'first = "1 h"\nwarn_after = "4 h"\nexpire_after = "5 d"';

test("Postfix takes over what was asked of us, and its own notice comes back through us (RFC 3461 §5.2.1)", {
  skip,
}, async () => {
  // Postfix must know our port and we its; its settings are read after ours are known.
  const port = await freePort();
  await using hopseal = await startHopseal({ config: house(port, LATER) });
  await using _postfix = await startPostfix({
    port,
    hostname: "mail.pine.example",
    mydestination: ["pine.example"],
    relayTo: { host: "127.0.0.1", port: hopseal.ports[0] ?? 0 },
  });
  await send(
    hopseal,
    [
      { to: "bo@pine.example", notify: ["success"], original: { type: "rfc822", address: "Bo+1=x@old.example" } },
      { to: "cy@pine.example", notify: ["failure"] },
      { to: "di@pine.example" },
    ],
    { envid: "QQ+1 =2", ret: "hdrs" },
  );
  const [report] = await notices(hopseal, 1);
  assert.ok(report !== undefined);
  assert.deepEqual(report.message.reportingMta, { type: "dns", value: "mail.pine.example" });
  assert.equal(report.message.envelopeId, "QQ+1 =2");
  assert.deepEqual(told([report]), ["delivered 2.0.0 bo@pine.example Bo+1=x@old.example"]);
  assert.equal(report.returned?.type, "text/rfc822-headers");
});

test("A notice of ours passes Postfix as it is, and Postfix's mailbox holds it whole (RFC 3464 §2)", {
  skip,
}, async () => {
  await using peer = await startPeer("rcpt-550");
  await using postfix = await startPostfix({ hostname: "mail.rook.example", mydestination: ["rook.example"] });
  const config = house(peer.port, LATER).replace(
    'deliver = { maildir = "{folder}/mail/{localpart}" }',
    `deliver = { smtp = "127.0.0.1:${postfix.port}" }`,
  );
  await using hopseal = await startHopseal({ config });
  await send(hopseal, [{ to: "bo@pine.example" }], { envid: "e1", ret: "full" });
  const [message] = await postfix.delivered(1);
  assert.ok(message !== undefined);
  const text = message.toString("latin1");
  assert.match(text, /^Return-Path: <>\n/);
  assert.match(text, /\nAuto-Submitted: auto-replied\n/);
  const report = parseDeliveryReport(message);
  assert.ok(report.ok);
  assert.deepEqual(told([report.value]), ["failed 5.1.1 bo@pine.example"]);
  assert.deepEqual(
    [report.value.message.envelopeId, report.value.returned?.type, report.value.findings],
    ["e1", "message/rfc822", []],
  );
});
