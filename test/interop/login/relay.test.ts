import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { testCa } from "../../support/certificates.ts";
import { startDovecot } from "../../support/dovecot.ts";
import { type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { type RunningPostfix, startPostfix } from "../../support/postfix.ts";
import { needs } from "../../support/programs.ts";
import { awkward, ends, hand, named } from "../chain/_hand.ts";

const skip = needs("postfix", "dovecot", "python3");
const RIGHT = "s3cr=t ü +";
const WRONG = "guessed-wrong-canary";

for (const implicit of [false, true]) {
  const how = implicit ? "TLS from the start" : "STARTTLS";
  test(`daemon → Postfix with a login, inside verified ${how}: a wrong password keeps mail waiting and out of every log, a right one in the file delivers it (RFC 4954 §4, RFC 8314 §3)`, {
    skip,
  }, async () => {
    const ca = await testCa();
    const tls = await ca.issue(["localhost"]);
    await using dovecot = await startDovecot({ users: { "rook@pine.example": { password: RIGHT } } });
    await using postfix = await startSubmission(tls, dovecot.auth);
    await using hopseal = await startHopseal({
      config: house((implicit ? postfix.implicitPort : postfix.port) ?? 0, implicit),
      files: { "ca.pem": ca.pem, password: `${WRONG}\n` },
    });
    const names = ["m0", "m1", "m2"];
    await hand(
      hopseal.ports[0] ?? 0,
      names.map((name) => ({ from: "ada@rook.example", to: ["bo@pine.example"], content: awkward(name) })),
    );
    const deferred = new Set<unknown>();
    await hopseal.waitFor((line) => line["outcome"] === "deferred" && deferred.add(line["id"]).size === names.length);
    const [line] = hopseal.log.filter((one) => one["outcome"] === "deferred");
    assert.deepEqual([line?.["code"], line?.["enhanced"], line?.["tls"]], [454, "4.7.8", "secure:!auth"]);
    assert.match(String(line?.["text"]), /535|authentication|login|log in/i);
    assert.equal((await postfix.messages()).length, 0);
    const refusals = (await postfix.log()).split("authentication failed").length - 1;
    assert.equal(refusals, 1);
    await writeFile(join(hopseal.folder, "password"), `${RIGHT}\n`);
    process.kill(hopseal.pid, "SIGHUP");
    const delivered = new Set<unknown>();
    await hopseal.waitFor((one) => one["outcome"] === "delivered" && delivered.add(one["id"]).size === names.length);
    const stored = await postfix.delivered(names.length);
    for (const name of names) assert.ok(ends(Buffer.from(named(stored, name)[0] ?? ""), awkward(name)));
    assert.match(await postfix.log(), /sasl_method=PLAIN, sasl_username=rook@pine\.example/);
    assert.equal(
      hopseal.log.some((one) => one["outcome"] === "failed"),
      false,
    );
    isSilent(hopseal);
  });
}

test("daemon → Postfix with a login: a certificate of another name gets no password (RFC 4954 §4)", {
  skip,
}, async () => {
  const ca = await testCa();
  const tls = await ca.issue(["other.pine.example"]);
  await using dovecot = await startDovecot({ users: { "rook@pine.example": { password: RIGHT } } });
  await using postfix = await startSubmission(tls, dovecot.auth);
  await using hopseal = await startHopseal({
    config: house(postfix.port, false),
    files: { "ca.pem": ca.pem, password: RIGHT },
  });
  await hand(hopseal.ports[0] ?? 0, [{ from: "ada@rook.example", to: ["bo@pine.example"], content: awkward("m") }]);
  const line = await hopseal.waitFor((one) => one["event"] === "attempt");
  assert.deepEqual([line["outcome"], line["tls"]], ["deferred", "secure:!verify"]);
  assert.doesNotMatch(await postfix.log(), /sasl|AUTH/i);
  isSilent(hopseal);
});

/** No password in any form that SASL or a careless log would give it. */
function isSilent(hopseal: RunningHopseal): void {
  const log = hopseal.log.map((line) => JSON.stringify(line)).join("\n");
  for (const password of [RIGHT, WRONG]) {
    const plain = Buffer.from(`\0rook@pine.example\0${password}`).toString("base64");
    for (const form of [password, plain, Buffer.from(password).toString("base64")]) assert.ok(!log.includes(form));
  }
}

async function startSubmission(
  tls: { readonly chain: string; readonly key: string },
  auth: string,
): Promise<RunningPostfix> {
  return await startPostfix({
    tls,
    mydestination: ["pine.example"],
    settings: {
      smtpd_sasl_auth_enable: "yes",
      smtpd_sasl_type: "dovecot",
      smtpd_sasl_path: auth,
      smtpd_tls_auth_only: "yes",
      smtpd_recipient_restrictions: "permit_sasl_authenticated, reject",
    },
  });
}

function house(port: number, implicit: boolean): string {
  return `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "postmaster@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[relay]
networks = ["127.0.0.0/8"]
[outbound]
roots = "ca.pem"
[[route]]
recipients = ["*"]
deliver = { smtp = "localhost:${port}", tls = "secure", implicit = ${implicit}, user = "rook@pine.example", password_file = "password" }
[retry]
first = "4 s"
[dns]
dnssec = "off"
[policy]
dane = "off"
mta_sts = "off"
`;
}
