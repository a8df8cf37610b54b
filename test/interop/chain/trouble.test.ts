import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "../../support/port.ts";
import { needs } from "../../support/programs.ts";
import { startChainExim } from "./_exim.ts";
import { awkward, ends, hand, header, named } from "./_hand.ts";
import { attempts, inbox, reportOf, settled, startHouse, told } from "./_house.ts";
import { PROGRAMS } from "./_programs.ts";

const ADA = "ada@rook.example";

for (const program of PROGRAMS) {
  const skip = needs(program.needs, "python3");

  test(`Hopseal → ${program.name}: of many recipients one is refused and some are too many; everybody gets one copy, the sender one notice (RFC 5321 §4.5.3.1.10)`, {
    skip,
  }, async () => {
    await using last = await program.last({ domains: ["pine.example"], refuse: "nobody@pine.example", recipients: 8 });
    await using hopseal = await startHouse(last.port);
    const good = Array.from({ length: 20 }, (_, at) => `u${at}@pine.example`);
    const content = awkward("many");
    await hand(hopseal.ports[0] ?? 0, [{ from: ADA, to: ["nobody@pine.example", ...good], content }]);
    await attempts(hopseal, "delivered", good);
    const stored = await last.delivered(good.length);
    for (const one of named(stored, "many", good.length)) assert.ok(ends(Buffer.from(one), content));
    const [notice] = await inbox(hopseal, "ada", 1);
    const { recipients } = reportOf(notice);
    assert.deepEqual(
      recipients.map(({ action, final }) => `${action} ${final.value}`),
      ["failed nobody@pine.example"],
    );
    await settled(hopseal, good.length + 1);
    assert.equal(told(hopseal).filter((line) => line.includes(" delivered ")).length, good.length + 1);
  });

  test(`Hopseal → ${program.name}: messages share connections`, { skip }, async () => {
    await using last = await program.last({ domains: ["pine.example"] });
    await using hopseal = await startHouse(last.port);
    const before = program.connections(await last.log());
    const names = Array.from({ length: 40 }, (_, at) => `m${at}`);
    await hand(
      hopseal.ports[0] ?? 0,
      names.map((name) => ({ from: ADA, to: ["bo@pine.example"], content: awkward(name) })),
    );
    const stored = await last.delivered(names.length);
    for (const name of names) named(stored, name);
    const connections = program.connections(await last.log()) - before;
    assert.ok(connections >= 1 && connections <= 10, `${connections} connections`);
    await settled(hopseal, names.length);
    assert.equal(told(hopseal).filter((line) => line.endsWith(" delivered 250")).length, names.length);
  });

  test(`Hopseal → ${program.name} without 8BITMIME: the sender hears 5.6.3, or the message is converted (RFC 6152 §3)`, {
    skip,
  }, async () => {
    await using last = await program.last({ domains: ["pine.example"], sevenBit: true });
    const fields = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"];
    const letter = { from: ADA, to: ["bo@pine.example"], mail: ["BODY=8BITMIME"] };
    await using strict = await startHouse(last.port);
    await hand(strict.ports[0] ?? 0, [{ ...letter, content: `${header("strict", fields)}\r\ngrüße\r\n` }]);
    const [notice] = await inbox(strict, "ada", 1);
    assert.deepEqual(
      reportOf(notice).recipients.map(({ status }) => status),
      ["5.6.3"],
    );
    await using converting = await startHouse(last.port, ", convert = true");
    await hand(converting.ports[0] ?? 0, [{ ...letter, content: `${header("converted", fields)}\r\ngrüße =\r\n` }]);
    const text = named(await last.delivered(1), "converted")[0] ?? "";
    assert.match(text, /\nContent-Transfer-Encoding: quoted-printable\n/i);
    assert.ok(text.endsWith("\n\ngr=C3=BC=C3=9Fe =3D\n"), text);
  });

  test(`Hopseal → ${program.name} and back: ENVID, RET, ORCPT and NOTIFY pass; what it says of success and of failure arrives (RFC 3461 §5.2.1)`, {
    skip,
  }, async () => {
    const port = await freePort();
    await using hopseal = await startHouse(port);
    await using last = await program.last({
      port,
      domains: ["pine.example"],
      back: hopseal.ports[0] ?? 0,
      unreachable: "closed@pine.example",
    });
    const base = { from: ADA, mail: ["RET=HDRS", "ENVID=QQ+2B1"] };
    await hand(hopseal.ports[0] ?? 0, [
      {
        ...base,
        to: ["bo@pine.example"],
        rcpt: ["NOTIFY=SUCCESS", "ORCPT=rfc822;Bo+2B1@old.example"],
        content: awkward("success"),
      },
      { ...base, to: ["closed@pine.example"], content: awkward("failure") },
      { ...base, to: ["cy@pine.example"], rcpt: ["NOTIFY=FAILURE"], content: awkward("silent") },
    ]);
    await last.delivered(2);
    const reports = (await inbox(hopseal, "ada", 2)).map((one) => reportOf(one));
    const lines = reports.map(({ message, recipients }) => {
      const [of] = recipients;
      const who = recipients.map(({ action, final }) => `${action} ${final.value}`).join(", ");
      return `${message.reportingMta?.value} ${who}${of?.action === "delivered" ? ` ${of.original?.value}` : ""}`;
    });
    // Exim leaves xtext as it is.
    const original = program.name === "exim" ? "Bo+2B1@old.example" : "Bo+1@old.example";
    assert.deepEqual(lines.sort(), [
      `last.pine.example delivered bo@pine.example ${original}`,
      "last.pine.example failed closed@pine.example",
    ]);
  });

  test(`Hopseal's notice passes ${program.name} as it is (RFC 3464 §2)`, { skip }, async () => {
    await using last = await program.last({ domains: ["pine.example"], refuse: "nobody@pine.example" });
    await using hopseal = await startHouse(last.port);
    const content = awkward("refused");
    await hand(hopseal.ports[0] ?? 0, [
      { from: "ada@pine.example", to: ["nobody@pine.example"], mail: ["RET=FULL", "ENVID=e1"], content },
    ]);
    const [notice] = await last.delivered(1);
    const report = reportOf(notice);
    assert.deepEqual(
      [
        report.message.envelopeId,
        report.returned?.type,
        report.findings,
        report.recipients.map(({ status }) => status),
      ],
      ["e1", "message/rfc822", [], ["5.1.1"]],
    );
    assert.match(notice?.toString("latin1") ?? "", /^Return-path: <>$/im);
    assert.ok(notice?.toString("latin1").includes(content.slice(content.indexOf("\r\n\r\n")).replaceAll("\r\n", "\n")));
  });
}

test("Hopseal → Exim: who comes too early is told to wait, and is delivered when the door opens", {
  skip: needs("exim4", "python3"),
}, async () => {
  await using last = await startChainExim({
    hostname: "last.pine.example",
    domains: ["pine.example"],
    rcpt: [
      "defer local_parts = later",
      "  condition = ${if exists{$spool_directory/door}{no}{yes}}",
      "  message = not yet",
    ],
  });
  await using hopseal = await startHouse(last.port);
  await hand(hopseal.ports[0] ?? 0, [
    { from: ADA, to: ["bo@pine.example", "later@pine.example"], content: awkward("door") },
  ]);
  await attempts(hopseal, "delivered", ["bo@pine.example"]);
  await attempts(hopseal, "deferred", ["later@pine.example"]);
  await writeFile(join(last.directory, "spool", "door"), "");
  await attempts(hopseal, "delivered", ["later@pine.example"]);
  assert.equal((await last.delivered(2)).length, 2);
  assert.equal(told(hopseal).filter((line) => line.startsWith("bo@")).length, 1);
});

test("Hopseal → Exim: 421 in the middle of a session costs a connection and no message (RFC 5321 §3.8)", {
  skip: needs("exim4", "python3"),
}, async () => {
  await using last = await startChainExim({
    hostname: "last.pine.example",
    domains: ["pine.example"],
    settings: { smtp_accept_max_per_connection: "3" },
  });
  await using hopseal = await startHouse(last.port);
  const names = Array.from({ length: 20 }, (_, at) => `m${at}`);
  await hand(
    hopseal.ports[0] ?? 0,
    names.map((name) => ({ from: ADA, to: ["bo@pine.example"], content: awkward(name) })),
  );
  const stored = await last.delivered(names.length);
  for (const name of names) named(stored, name);
  assert.match(await last.log(), /too many messages in one connection/);
  assert.deepEqual([...new Set(told(hopseal))], ["bo@pine.example delivered 250"]);
});
