import assert from "node:assert/strict";
import { test } from "node:test";
import { newCa } from "../../../lab/certificates.ts";
import { convertTo7Bit } from "../../../src/mime/mod.ts";
import { openTrust } from "../../../src/tls/io/mod.ts";
import { startPeer } from "./_peer.ts";
import { deliverAll, type Letter } from "./_run.ts";

const HEADER = "Subject: hello\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
const BODY = "Content-Transfer-Encoding: 8bit\r\n\r\nder Kanarienvogel fl\u00f6tet\r\n";

/** The host takes 8-bit content and no binary content. */
test("delivery over real sockets: what a host cannot take is turned where its route says so, and returned elsewhere (RFC 6152 §3, RFC 3030 §3)", async () => {
  const ca = await newCa();
  const opened = await openTrust({ kind: "pem", certificates: [ca.pem] });
  assert.ok(opened.ok);
  const signed = `DKIM-Signature: v=1; a=rsa-sha256; d=rook.example; s=x; h=subject; bh=; b=\r\n${HEADER}${BODY}`;
  const rows: unknown[] = [];
  for (const [body, convert] of [
    [HEADER + BODY, false],
    [HEADER + BODY, true],
    [signed, true],
  ] as const) {
    await using peer = await startPeer("good", await ca.issue(["localhost"]));
    const letter: Letter = { to: ["bo@pine.example"], body, envelope: { body: "binarymime" } };
    const lines = await deliverAll([letter], {
      trust: opened.value,
      zone: {},
      ports: {},
      convert: convertTo7Bit,
      routes: [
        {
          recipients: ["*"],
          target: { kind: "smtp", host: "127.0.0.1", port: peer.port, mode: "starttls", convert },
        },
      ],
    });
    const why = lines.map(({ text }) => text.split("; ", 2)[1] ?? "-").join();
    rows.push([lines.map((one) => `${one.outcome} ${one.enhanced}`).join(), why, peer.accepted.join("")]);
  }
  assert.deepEqual(rows, [
    ["failed 5.6.1", "-", ""],
    [
      "delivered 2.6.0",
      "-",
      `${HEADER}Content-Transfer-Encoding: quoted-printable\r\n\r\nder Kanarienvogel fl=C3=B6tet\r\n`,
    ],
    ["failed 5.6.1", "it cannot be turned into 7-bit: it is signed (dkim-signature)", ""],
  ]);
});
