import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { testCa } from "../../support/certificates.ts";
import { startHopseal } from "../../support/hopseal.ts";
import { startPostfix } from "../../support/postfix.ts";
import { needs } from "../../support/programs.ts";

const run = promisify(execFile);
const skip = needs("postfix", "swaks");
/** swaks speaks TLS by a Perl module. */
const perlTls =
  spawnSync("perl", ["-MNet::SSLeay", "-e", "1"]).status === 0 ? false : "missing program: Perl's Net::SSLeay";

const HOUSE = `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "bo@rook.example"
[[listen]]
address = "127.0.0.1:0"
[[certificate]]
chain = "mx.pem"
key = "mx.key"
[relay]
networks = ["127.0.0.0/8"]
[outbound]
roots = "ca.pem"
[[route]]
recipients = ["pine.example", "secure.example"]
deliver = { smtp = "localhost:PORT" }
[[route]]
recipients = ["wrong.example"]
deliver = { smtp = "127.0.0.1:PORT" }
[[tls_policy]]
destination = "secure.example"
level = "secure"
[[tls_policy]]
destination = "wrong.example"
level = "secure"
`;

test("Postfix hands to Hopseal over TLS, Hopseal to Postfix over TLS; the trace is truthful (RFC 3207 §4, RFC 5321 §4.4)", {
  skip,
}, async () => {
  const ca = await testCa();
  const host = await ca.issue(["localhost", "mx.rook.example"]);
  await using last = await startPostfix({
    hostname: "last.pine.example",
    tls: host,
    mydestination: ["pine.example", "secure.example", "wrong.example"],
  });
  await using hopseal = await startHopseal({
    config: HOUSE.replaceAll("PORT", String(last.port)),
    files: { "mx.pem": host.chain, "mx.key": host.key, "ca.pem": ca.pem },
  });
  await using first = await startPostfix({
    hostname: "first.pine.example",
    relayTo: { host: "127.0.0.1", port: hopseal.ports[0] ?? 0 },
    settings: { smtp_tls_security_level: "encrypt" },
  });
  await run("swaks", [
    "--server",
    `127.0.0.1:${first.port}`,
    "--from",
    "ada@oak.example",
    "--to",
    "bo@pine.example",
    "--body",
    "one\n.\n..two\n",
  ]);
  const [message = Buffer.alloc(0)] = await last.delivered(1);
  const text = message.toString("latin1");
  assert.match(text, /\n\none\n\.\n\.\.two\n/);
  assert.match(
    text,
    /Received: from first\.pine\.example \(\[127\.0\.0\.1\]\)\n\s+\(TLSv1\.3[^)]*\)\n\s+by mx\.rook\.example \(Hopseal\) with E?SMTPS id [0-9a-z]+\n\s+for <bo@pine\.example>\n\s+tls TLS_[A-Z0-9_]+; /,
  );
  const attempt = hopseal.log.find((line) => line["event"] === "attempt");
  assert.equal(attempt?.["tls"], "may:encrypted");
  assert.equal(attempt?.["outcome"], "delivered");
  assert.match(await last.log(), /Anonymous TLS connection established from .*: TLSv1\.3/);
});

test("swaks hands in, with and without TLS; a policy is proven or nothing leaves (RFC 3207 §4.1)", {
  skip: skip || perlTls,
}, async () => {
  const ca = await testCa();
  const host = await ca.issue(["localhost", "mx.rook.example"]);
  await using last = await startPostfix({
    tls: host,
    mydestination: ["pine.example", "secure.example", "wrong.example"],
  });
  await using hopseal = await startHopseal({
    config: HOUSE.replaceAll("PORT", String(last.port)),
    files: { "mx.pem": host.chain, "mx.key": host.key, "ca.pem": ca.pem },
  });
  const swaks = async (to: string, ...more: string[]): Promise<string> =>
    (
      await run("swaks", [
        "--server",
        `127.0.0.1:${hopseal.ports[0]}`,
        "--from",
        "ada@oak.example",
        "--to",
        to,
        ...more,
      ])
    ).stdout;
  const outcomeOf = async (domain: string): Promise<string> => {
    const line = await hopseal.waitFor((one) => one["event"] === "attempt" && String(one["to"]).endsWith(`@${domain}`));
    return `${String(line["outcome"])} ${String(line["tls"])}`;
  };
  assert.match(await swaks("bo@pine.example"), /250 2\.6\.0 Queued as/);
  assert.equal(await outcomeOf("pine.example"), "delivered may:encrypted");
  assert.match(await swaks("bo@secure.example", "--tls"), /=== TLS started[\s\S]*250 2\.6\.0 Queued as/);
  assert.equal(await outcomeOf("secure.example"), "delivered secure:webpki");
  await swaks("bo@wrong.example", "--tls");
  assert.match(await outcomeOf("wrong.example"), /^deferred secure:!/);
  assert.equal((await last.messages()).length, 2);
});

test("openssl s_client reads our certificate by SNI and a second EHLO after TLS (RFC 3207 §4.2)", {
  skip: needs("openssl"),
}, async () => {
  const ca = await testCa();
  const rook = await ca.issue(["mx.rook.example"]);
  const oak = await ca.issue(["mx.oak.example"]);
  await using hopseal = await startHopseal({
    config: `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "bo@rook.example"
[[listen]]
address = "127.0.0.1:0"
[[listen]]
role = "submissions"
address = "127.0.0.1:0"
[[certificate]]
chain = "rook.pem"
key = "rook.key"
[[certificate]]
chain = "oak.pem"
key = "oak.key"
`,
    files: { "rook.pem": rook.chain, "rook.key": rook.key, "oak.pem": oak.chain, "oak.key": oak.key, "ca.pem": ca.pem },
  });
  const client = async (port: number, ...options: string[]): Promise<string> => {
    const child = run("openssl", [
      "s_client",
      "-connect",
      `127.0.0.1:${port}`,
      "-CAfile",
      `${hopseal.folder}/ca.pem`,
      "-crlf",
      "-quiet",
      "-verify_return_error",
      ...options,
    ]);
    // EHLO waits for the greeting (RFC 5321 §4.3.1), which -starttls has read itself, and QUIT for the answer to EHLO.
    const hello = (): boolean | undefined => child.child.stdin?.write("EHLO client.example\n");
    if (options.includes("-starttls")) hello();
    child.child.stdout?.on("data", (said: string) => {
      if (said.includes("220 ")) hello();
      if (said.includes("250 ")) child.child.stdin?.end("QUIT\n");
    });
    const { stdout } = await child;
    return stdout;
  };
  const [mx = 0, submissions = 0] = hopseal.ports;
  for (const name of ["mx.rook.example", "mx.oak.example"]) {
    const said = await client(mx, "-starttls", "smtp", "-servername", name, "-verify_hostname", name);
    assert.match(said, /250-mx\.rook\.example/);
    assert.doesNotMatch(said.slice(said.lastIndexOf("250-mx.rook.example")), /STARTTLS/);
  }
  assert.match(
    await client(submissions, "-servername", "mx.oak.example", "-verify_hostname", "mx.oak.example"),
    /^220 mx\.rook\.example/,
  );
  // An unknown name gets the default certificate, not an alert (RFC 8461 §7.1).
  assert.match(
    await client(mx, "-starttls", "smtp", "-servername", "unknown.example", "-verify_hostname", "mx.rook.example"),
    /250/,
  );
  await assert.rejects(client(mx, "-starttls", "smtp", "-tls1_1"));
  await assert.rejects(client(submissions, "-alpn", "h2"));
});
