import assert from "node:assert/strict";
import { test } from "node:test";
import { testCa } from "../../support/certificates.ts";
import { startHopseal } from "../../support/hopseal.ts";
import { needs } from "../../support/programs.ts";
import { awkward, ends, hand, header, type Letter, named } from "./_hand.ts";
import { PROGRAMS, type Way } from "./_programs.ts";

const WAYS: readonly Way[] = ["plain", "starttls", "implicit"];

for (const program of PROGRAMS) {
  for (const way of WAYS) {
    test(`${program.name} → Hopseal → ${program.name}, ${way}: every octet arrives, and the trace tells how (RFC 5321 §4.4, §4.5.2)`, {
      skip: needs(program.needs, "python3"),
    }, async () => {
      const ca = await testCa();
      const host = await ca.issue(["localhost", "mx.rook.example"]);
      await using last = await program.last({
        domains: ["pine.example", "xn--bcher-kva.example"],
        ...(way === "plain" ? {} : { tls: host }),
      });
      await using hopseal = await startHopseal({
        config: house(way, (way === "implicit" ? last.implicitPort : last.port) ?? 0),
        files: { "mx.pem": host.chain, "mx.key": host.key, "ca.pem": ca.pem },
      });
      await using first = await program.first({ hop: hopseal.ports[0] ?? 0, way });
      const letters = samples();
      assert.deepEqual(await hand(first.port, letters), []);
      const copies = letters.reduce((sum, { to }) => sum + to.length, 0);
      const stored = await last.delivered(copies).catch(async (error: unknown) => {
        throw new Error(await first.log(), { cause: error });
      });
      assert.equal(stored.length, copies);
      for (const { content, from, to } of letters) {
        const [name = ""] = /(?<=^Subject: ).*(?=\r)/.exec(String(content)) ?? [];
        for (const one of named(stored, name, to.length)) {
          assert.ok(ends(Buffer.from(one), String(content)), `${name} was changed:\n${one.slice(0, 3000)}`);
          assert.match(one, new RegExp(`^Return-Path: <${from}>$`, "im"));
          assert.match(one, TRACE[way], name);
        }
      }
      const outcomes = hopseal.log.filter((line) => line["event"] === "attempt");
      assert.deepEqual(
        [...new Set(outcomes.map((line) => `${String(line["outcome"])} ${String(line["tls"])}`))],
        [`delivered ${way === "plain" ? "may:plaintext" : "secure:webpki"}`],
      );
      assert.deepEqual(
        hopseal.log.filter((line) => line["event"] === "fault"),
        [],
      );
    });
  }
}

function samples(): readonly Letter[] {
  const from = "ada@oak.example";
  const to = ["bo@pine.example"];
  const eightBit = { from, to, mail: ["BODY=8BITMIME"] };
  return [
    { from, to, content: awkward("dots") },
    {
      ...eightBit,
      content: `${header("eight", ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"])}\r\ngrüße\r\n.\r\n`,
    },
    { from, to, content: awkward("large", `${"x".repeat(75)}\r\n`.repeat(14_000)) },
    { from, to, content: `${header("empty")}\r\n` },
    { from: "x".repeat(64) + "@oak.example", to, content: awkward("longest") },
    { from, to: ["bo@pine.example", "cy@pine.example"], content: awkward("two") },
    {
      from: "ädä@oak.example",
      to: ["bø@bücher.example"],
      mail: ["SMTPUTF8", "BODY=8BITMIME"],
      content: `${header("utf8", ["X-Name: grüße"])}\r\nüber\r\n`,
    },
  ];
}

function house(way: Way, port: number): string {
  return `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "bo@rook.example"
[[listen]]
${way === "implicit" ? 'role = "submissions"' : ""}
address = "127.0.0.1:0"
${way === "plain" ? 'tls = "none"' : ""}
[[certificate]]
chain = "mx.pem"
key = "mx.key"
[relay]
networks = ["127.0.0.0/8"]
[outbound]
roots = "ca.pem"
[dns]
dnssec = "off"
[policy]
dane = "off"
mta_sts = "off"
[[route]]
recipients = ["pine.example", "bücher.example"]
deliver = { smtp = "localhost:${port}", tls = "${way === "plain" ? "may" : "secure"}", implicit = ${way === "implicit"} }
`;
}

/** How Hopseal got it, and how the last host got it from Hopseal. */
const TRACE: Readonly<Record<Way, RegExp>> = {
  plain: /by mx\.rook\.example \(Hopseal\)\s+with (UTF8)?E?SMTP id/,
  starttls: /by mx\.rook\.example \(Hopseal\)\s+with (UTF8)?E?SMTPS id/,
  implicit: /by mx\.rook\.example \(Hopseal\)\s+with (UTF8)?E?SMTPS id/,
};
