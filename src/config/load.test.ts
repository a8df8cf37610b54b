import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { formatIssue, loadConfig, parseConfig } from "./load.ts";

const MINIMUM = 'hostname = "mx1.rook.example"\ndata_dir = "q"\npostmaster = "postmaster@pine.example"\n';

function issues(text: string): string[] {
  const result = parseConfig(MINIMUM + text, "x.toml");
  const list = result.ok ? result.value.warnings : result.error.issues;
  return list.map((issue) => formatIssue("x.toml", issue));
}

test("parseConfig: three keys are enough, every other has a default", () => {
  const result = parseConfig(MINIMUM, "/etc/hopseal/hopseal.toml");
  assert.ok(result.ok);
  assert.equal(result.value.config.data_dir, "/etc/hopseal/q");
  assert.equal(result.value.config.message_size, 50_000_000);
  assert.deepEqual(result.value.config.retry, { first: 1_800_000, warn_after: 14_400_000, expire_after: 432_000_000 });
  assert.deepEqual(result.value.config.relay.networks, []);
});

test("parseConfig: every mistake is named with file, line and key", () => {
  const cases: [string, string[]][] = [
    ["nonsense = 1\n", ["x.toml:4:1: error: nonsense: This key is not known"]],
    [
      "[retry]\nfirst = '3 weeks'\n",
      ['x.toml:5:1: error: retry.first: "3 weeks" is no duration; write e.g. "30 min", "4 h" or "5 d"'],
    ],
    [
      "[[listen]]\naddress = '127.0.0.1'\ntls = 'none'\n",
      [
        'x.toml:5:1: error: listen.0.address: "127.0.0.1" is no address with port; write e.g. "192.0.2.1:25", "[2001:db8::1]:25" or "relay.isp.example:465"',
      ],
    ],
    [
      "[limits]\nrecipients = 50\n",
      ["x.toml:5:1: error: limits.recipients: RFC 5321 §4.5.3.1.8 asks for at least 100"],
    ],
    ["workers = 65\n", ['x.toml:4:1: error: workers: write "auto" or a number from 1 to 64']],
    ["listen = [\n", ["x.toml:5:1: error: Invalid TOML document: incomplete array"]],
  ];
  for (const [text, expected] of cases) {
    const got = issues(text);
    assert.deepEqual(got.length, expected.length, text);
    for (const [at, line] of expected.entries()) {
      // The words of the TOML library are its own; place and severity are ours.
      if (text.startsWith("listen = [")) assert.match(got[at] ?? "", /^x\.toml:\d+:\d+: error: Invalid TOML/);
      else assert.equal(got[at], line);
    }
  }
});

test("parseConfig: keys that contradict each other are errors at their line", () => {
  const listen = "[[listen]]\naddress = '127.0.0.1:2525'\ntls = 'none'\n";
  const cases: [string, string[]][] = [
    [`${listen}${listen}`, ["x.toml:8:1: error: listen.1.address: 127.0.0.1:2525 is already taken by listen.0"]],
    [
      "[[listen]]\nrole = 'submissions'\naddress = '127.0.0.1:465'\n",
      ['x.toml:4:1: error: listen.0: tls = "implicit" needs a [[certificate]]'],
    ],
    [
      `${listen}[[domain]]\nname = 'rook.example'\n`,
      ['x.toml:7:1: error: domain.0.recipients: recipients = "maildir" needs a [[route]] of rook.example to a maildir'],
    ],
    [
      `${listen}[[domain]]\nname = 'rook.example'\nrecipients = ['bo']\naliases = { sales = ['not an address@'] }\n`,
      ['x.toml:10:13: error: domain.0.aliases.sales: "not an address@" has no valid local part'],
    ],
    [
      `${listen}[[tls_policy]]\ndestination = 'pine.example'\nlevel = 'may'\noverride = true\n`,
      ["x.toml:10:1: error: tls_policy.0.override: An override must expire; give until = YYYY-MM-DD"],
    ],
    [
      `${listen}[[domain]]\nname = 'pine.example'\nrecipients = ['bo']\n`,
      ["x.toml:3:1: error: postmaster: postmaster@pine.example is neither a recipient nor an alias of pine.example"],
    ],
  ];
  for (const [text, expected] of cases) assert.deepEqual(issues(text), expected);
});

test("parseConfig: recipients and aliases that nobody can reach are named", () => {
  const of = (rest: string): string[] =>
    issues(`[[listen]]\naddress = '127.0.0.1:2525'\ntls = 'none'\n[[domain]]\nname = 'rook.example'\n${rest}\n`);
  const table: [string, string[]][] = [
    ["recipients = ['bo', 'Ann@Rook.example', 'o’neil']", []],
    [
      "recipients = ['bo', 'bo@pine.example']",
      ['x.toml:9:21: error: domain.0.recipients.1: "bo@pine.example" is no local part of rook.example'],
    ],
    [
      "recipients = ['bo']\naliases = { 'sales@rook.example' = 'bo' }",
      [
        'x.toml:10:13: error: domain.0.aliases.sales@rook.example: "sales@rook.example" is no local part of rook.example',
      ],
    ],
    [
      "recipients = ['bo']\naliases = { a = 'bo', A = 'x@pine.example' }",
      ["x.toml:10:23: error: domain.0.aliases.A: The alias A is named twice; letter case makes no difference"],
    ],
    [
      "recipients = ['bo']\naliases = { a = 'b', b = 'a', c = ['c', 'bo', 'bo@pine.example'] }",
      [
        "x.toml:10:13: error: domain.0.aliases.a: The alias a leads only to itself",
        "x.toml:10:22: error: domain.0.aliases.b: The alias b leads only to itself",
      ],
    ],
    [
      "recipients = ['bo']\naliases = { a = ['bo', 'gone'] }",
      ["x.toml:10:13: warning: domain.0.aliases.a: There is no gone@rook.example"],
    ],
    [
      "recipients = 'any'\nrecipients_file = 'names'",
      ['x.toml:10:1: warning: domain.0.recipients_file: This file is not read without recipients = "file"'],
    ],
  ];
  for (const [text, expected] of table) assert.deepEqual(of(text), expected, text);
});

test("parseConfig: sizes, times and addresses that cannot work are mistakes", () => {
  const listen = "[[listen]]\naddress = '127.0.0.1:2525'\ntls = 'none'\n";
  const cases: [string, string[]][] = [
    [
      `message_size = '0 MB'\n${listen}`,
      ["x.toml:4:1: error: message_size: RFC 5321 §4.5.3.1.7 asks for at least 64 KiB"],
    ],
    [`message_size = '64 KiB'\n${listen}`, []],
    [`${listen}[retry]\nfirst = '0 s'\n`, ["x.toml:8:1: error: retry.first: a retry comes after 1 s at the earliest"]],
    [
      `${listen}[retry]\nfirst = '5 h'\nexpire_after = '1 h'\n`,
      ["x.toml:9:1: error: retry.expire_after: Mail would expire before the first retry"],
    ],
    [`${listen}[outbound]\nsource = ['me']\n`, ['x.toml:8:11: error: outbound.source.0: "me" is no IP address']],
    [
      `${listen}[[tls_policy]]\ndestination = 'pine.example'\nlevel = 'may'\noverride = true\nuntil = 2001-01-01\n`,
      ["x.toml:11:1: warning: tls_policy.0.until: This override has expired: it changes nothing any more"],
    ],
  ];
  for (const [text, expected] of cases) assert.deepEqual(issues(text), expected, text);
  const long = parseConfig(MINIMUM.replace('"q"', `"/${"q".repeat(100)}"`) + listen, "x.toml");
  assert.ok(!long.ok && long.error.issues.some(({ key }) => key === "data_dir"));
});

test("parseConfig: what would be an open relay never passes without a warning", () => {
  const listen = "[[listen]]\naddress = '127.0.0.1:2525'\ntls = 'none'\n";
  const table: [string, boolean][] = [
    ["0.0.0.0/0", true],
    ["0.0.0.0/1", true],
    ["8.0.0.0/5", true],
    ["192.0.2.0/23", true],
    ["192.0.2.0/24", false],
    ["10.0.0.0/8", false],
    ["172.16.0.0/12", false],
    ["172.16.0.0/11", true],
    ["::/0", true],
    ["2001:db8::/32", true],
    ["2001:db8:1::/48", false],
    ["fd00::/8", false],
    ["::1/128", false],
    ["::/48", false],
    ["::ffff:0.0.0.0/96", true],
    ["::ffff:8.0.0.0/101", true],
    ["::ffff:10.0.0.0/104", false],
    ["64:ff9b::/96", true],
    ["64:ff9b:1::/48", true],
  ];
  for (const [network, warns] of table) {
    const got = issues(`${listen}[relay]\nnetworks = ['${network}']\n`);
    assert.equal(
      got.some((line) => line.includes("open relay")),
      warns,
      network,
    );
  }
});

test("loadConfig: a file that cannot be read is an issue, not an exception", () => {
  const result = loadConfig(join(mkdtempSync(join(tmpdir(), "hopseal-")), "absent.toml"));
  assert.ok(!result.ok);
  assert.match(result.error.issues[0]?.message ?? "", /Cannot read the file: ENOENT/);
});

test("loadConfig: reads a real file and takes paths from its folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-"));
  writeFileSync(join(folder, "hopseal.toml"), MINIMUM);
  const result = loadConfig(join(folder, "hopseal.toml"));
  assert.ok(result.ok);
  assert.equal(result.value.config.data_dir, join(folder, "q"));
});

test("parseConfig: never throws, whatever the text", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => MINIMUM + text),
      ),
      (text) => {
        parseConfig(text, "x.toml");
      },
    ),
    { numRuns: 300 },
  );
});

test("parseConfig: MX names and maildir routes are judged by the rules that delivery goes by", () => {
  const listen = "[[listen]]\naddress = '127.0.0.1:2525'\ntls = 'none'\n";
  const policy = (name: string): string =>
    `${listen}[[tls_policy]]\ndestination = 'pine.example'\nlevel = 'secure'\nmx = ['${name}']\n`;
  assert.deepEqual(issues(policy("*.com")), [
    'x.toml:10:7: error: tls_policy.0.mx.0: "*.com" covers a whole top-level domain',
  ]);
  assert.deepEqual(issues(policy("*.bücher.example")), []);
  const domain =
    "[[domain]]\nname = 'rook.example'\n[[route]]\nrecipients = ['bo@rook.example']\ndeliver = 'discard'\n";
  const route = "[[route]]\nrecipients = ['Rook.Example']\ndeliver = { maildir = 'mail/{localpart}' }\n";
  assert.deepEqual(issues(`${listen}${domain}${route}`), []);
});

test("parseConfig: of very many mistakes a hundred are told, errors first, and how many are left", () => {
  const unknown = Array.from({ length: 1000 }, (_, at) => `k${at} = 1\n`).join("");
  const schema = issues(unknown);
  assert.deepEqual(
    [schema.length, schema[0], schema[99], schema[100]],
    [
      101,
      "x.toml:4:1: error: k0: This key is not known",
      "x.toml:103:1: error: k99: This key is not known",
      "x.toml: error: There are 900 more of these",
    ],
  );
  const networks = `[relay]\nnetworks = [${"'0.0.0.0/0', ".repeat(150)}]\n`;
  const listen = "[[listen]]\naddress = '127.0.0.1:2525'\ntls = 'none'\n";
  const warned = parseConfig(MINIMUM + networks + listen, "x.toml");
  assert.ok(warned.ok);
  assert.deepEqual(warned.value.warnings.at(-1), {
    severity: "warning",
    key: "",
    message: "There are 50 more of these",
  });
  const last = `${networks}${listen}[retry]\nfirst = '5 h'\nexpire_after = '1 h'\n`;
  assert.deepEqual(
    [issues(last).length, issues(last)[0], issues(last).at(-1)],
    [
      101,
      "x.toml:11:1: error: retry.expire_after: Mail would expire before the first retry",
      "x.toml: warning: There are 51 more of these",
    ],
  );
});

test("parseConfig: a fault in a text that has no places to tell is told without one", () => {
  assert.deepEqual(issues(`nonsense = '''${"x".repeat(400_000)}'''\n`), [
    "x.toml: error: nonsense: This key is not known",
  ]);
});
