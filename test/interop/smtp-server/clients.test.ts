import assert from "node:assert/strict";
import { test } from "node:test";
import { statusOf } from "../../../src/status/mod.ts";
import { certificates, listening } from "../../integration/smtp-server/_dialogue.ts";
import { recording } from "../../integration/smtp-server/_reception.ts";
import { needs } from "../../support/programs.ts";
import { run, start, temporaryFile } from "./_run.ts";

const text = (octets: Uint8Array | undefined): string => Buffer.from(octets ?? []).toString("latin1");

test("swaks sends a message, pipelined and not", { skip: needs("swaks") }, async () => {
  const kept = recording({
    recipient: ({ path }) => statusOf(path.kind === "postmaster" ? "unknown-recipient" : "ok-recipient"),
  });
  await using server = await listening({ reception: kept.reception });
  const args = [
    "--server",
    `127.0.0.1:${server.address.port}`,
    "--helo",
    "out.pine.example",
    "--from",
    "ada@pine.example",
    "--to",
    "bo@rook.example",
    "--body",
    "one\n.two\n..three",
  ];
  for (const more of [[], ["--pipeline"], ["--protocol", "SMTP"]]) {
    const ran = await run("swaks", [...args, ...more]);
    assert.equal(ran.status, 0, ran.output);
  }
  assert.equal(kept.taken.length, 3);
  for (const { content, peer } of kept.taken) {
    assert.match(text(content), /\r\n\r\none\r\n\.two\r\n\.\.three\r\n/);
    assert.equal(peer.hello?.text, "out.pine.example");
  }
  assert.deepEqual(
    kept.taken.map(({ peer }) => peer.hello?.verb),
    ["EHLO", "EHLO", "HELO"],
  );
  assert.deepEqual([kept.breaches, kept.open()], [[], { handlers: 0, sinks: 0 }]);
});

test("openssl verifies the certificate after STARTTLS, with TLS 1.2 and 1.3", { skip: needs("openssl") }, async () => {
  const kept = recording();
  const tls = await certificates();
  using ca = temporaryFile("ca.pem", tls.ca);
  await using server = await listening({ reception: kept.reception, tls: "starttls", certificates: tls });
  for (const version of ["-tls1_2", "-tls1_3"]) {
    for (const name of ["mx.rook.example", "mx.pine.example"]) {
      using client = start("openssl", [
        "s_client",
        "-connect",
        `127.0.0.1:${server.address.port}`,
        "-starttls",
        "smtp",
        version,

        "-servername",
        name,
        "-verify_hostname",
        name,
        "-verify_return_error",
        "-CAfile",
        ca.path,
        "-crlf",
        "-quiet",
      ]);
      client.child.stdin.write("NOOP\n");
      await client.says(/250 2\.0\.0/);
      client.child.stdin.write("QUIT\n");
      const ran = await client.ended;
      assert.match(ran.output, /221 2\.0\.0 Bye/);
    }
  }
  const old = await run("openssl", [
    "s_client",
    "-connect",
    `127.0.0.1:${server.address.port}`,
    "-starttls",
    "smtp",
    "-tls1_1",
  ]);
  assert.notEqual(old.status, 0);
  assert.deepEqual(kept.breaches, []);
});

const PYTHON = `
import smtplib, ssl, sys
from email.message import EmailMessage
from email.policy import SMTPUTF8
port, implicit, ca = int(sys.argv[1]), sys.argv[2] == "implicit", sys.argv[3]
context = ssl.create_default_context(cafile=ca)
if implicit:
    client = smtplib.SMTP_SSL(context=context, local_hostname="out.pine.example")
else:
    client = smtplib.SMTP(local_hostname="out.pine.example")
client._host = "mx.rook.example"  # the name to verify
client.connect("127.0.0.1", port)
if not implicit:
    client.starttls(context=context)
client.sendmail("ada@pine.example", ["bo@rook.example", "cy@rook.example"], "Subject: x\\r\\n\\r\\n.dot\\r\\n" + "y" * 70000 + "\\r\\n", ["RET=HDRS"], ["NOTIFY=NEVER"])
message = EmailMessage(policy=SMTPUTF8)
message["From"], message["To"], message["Subject"] = "ädä@pine.example", "bø@rook.example", "ünï"
message.set_content("grüße", cte="8bit")
client.send_message(message)
try:
    client.sendmail("ada@pine.example", ["nobody@rook.example"], "x")
    sys.exit("nobody was accepted")
except smtplib.SMTPRecipientsRefused as refused:
    assert refused.recipients["nobody@rook.example"][0] == 550
assert client.verify("bo")[0] == 252
assert client.help() == b"2.0.0 See RFC 5321"
client.rset()
client.quit()
`;

for (const mode of ["starttls", "implicit"] as const) {
  test(`Python's smtplib sends under ${mode} TLS, with SMTPUTF8`, { skip: needs("python3") }, async () => {
    const kept = recording({
      recipient: ({ path }) =>
        statusOf(path.kind === "mailbox" && path.mailbox.localPart === "nobody" ? "unknown-recipient" : "ok-recipient"),
    });
    const tls = await certificates();
    using ca = temporaryFile("ca.pem", tls.ca);
    await using server = await listening({ reception: kept.reception, tls: mode, certificates: tls });
    const ran = await run("python3", ["-c", PYTHON, `${server.address.port}`, mode, ca.path]);
    assert.equal(ran.status, 0, ran.output);
    const [plain, international] = kept.taken;
    assert.equal(text(plain?.content), `Subject: x\r\n\r\n.dot\r\n${"y".repeat(70000)}\r\n`);
    assert.deepEqual(
      plain?.recipients.map(({ notify }) => notify),
      ["never", "never"],
    );
    assert.deepEqual(
      [plain?.request.declaredSize, international?.request.smtpUtf8, international?.request.body],
      [plain?.content.length, true, "8bitmime"],
    );
    assert.deepEqual(international?.request.reversePath, {
      kind: "mailbox",
      mailbox: { localPart: "ädä", domain: "pine.example" },
    });
    assert.equal(international?.facts.eightBit, true);
    assert.equal(international?.peer.tls?.version, "TLSv1.3");
    assert.deepEqual([kept.taken.length, kept.breaches, kept.open()], [2, [], { handlers: 0, sinks: 0 }]);
  });
}

test("Postfix's smtp-source loses nothing, on reused and on new connections", {
  skip: needs("smtp-source"),
}, async () => {
  const kept = recording({ late: true });
  await using server = await listening({ reception: kept.reception });
  const to = `127.0.0.1:${server.address.port}`;
  for (const args of [
    ["-d", "-s", "10", "-m", "300", "-l", "4096"],
    ["-s", "10", "-m", "200", "-l", "20000", "-r", "3"],
  ]) {
    const ran = await run("smtp-source", [...args, "-f", "ada@pine.example", "-t", "bo@rook.example", to]);
    assert.equal(ran.status, 0, ran.output);
  }
  await server.listener.close();
  assert.equal(kept.taken.length, 500);
  assert.equal(kept.taken.filter(({ recipients }) => recipients.length === 3).length, 200);
  assert.ok(kept.taken.every(({ facts }) => facts.size > 4000 && !facts.bareCrLf && facts.endsInCrlf));
  assert.deepEqual([kept.breaches, kept.open()], [[], { handlers: 0, sinks: 0 }]);
});
