import assert from "node:assert/strict";
import { test } from "node:test";
import { explainConfig } from "./explain.ts";
import { formatIssue, parseConfig } from "./load.ts";

const BASE = `hostname = "mx.rook.example"
data_dir = "/var/lib/hopseal"
postmaster = "bo@rook.example"
`;

/** What `config check` says about these lines. */
function said(text: string, of: RegExp): readonly string[] {
  const read = parseConfig(BASE + text, "/etc/hopseal/x.toml");
  const issues = read.ok ? read.value.warnings : read.error.issues;
  return issues.filter(({ key }) => of.test(key)).map((issue) => formatIssue("x.toml", issue));
}

test("checkClients: bounds, lists and proxies that cannot be meant, each with file, line and key", () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["", []],
    ["[clients]\nconnections = 100\nreserved = 99\n", []],
    [
      "[clients]\nconnections = 100\nreserved = 100\n",
      ["x.toml:6:1: error: clients.reserved: All connections are kept for relay networks; nobody else can connect"],
    ],
    [
      '[relay]\nnetworks = ["10.0.0.0/8"]\n[clients]\nreserved = 0\n',
      ["x.toml:7:1: warning: clients.reserved: Strangers can use up all connections, and keep your own mail out"],
    ],
    [
      "[clients]\nipv6_prefix = 128\n",
      ["x.toml:5:1: warning: clients.ipv6_prefix: One machine can have all addresses of a /64, and counts as many"],
    ],
    ['[limits]\ncommand_time = "5 min"\n', []],
    [
      '[limits]\ncommand_time = "299 s"\n',
      [
        "x.toml:5:1: warning: limits.command_time: RFC 5321 §4.5.3.2.7 gives a client 5 minutes; slow but honest ones are cut off",
      ],
    ],
    ['[clients]\nallow = ["192.0.2.0/24"]\ndeny = ["2001:db8::/32", "198.51.100.7"]\n', []],
    [
      '[clients]\ndeny = ["mx.pine.example"]\n',
      [
        'x.toml:5:9: error: clients.deny.0: "mx.pine.example" is no network; write e.g. "192.0.2.0/24" or "2001:db8::/32"',
      ],
    ],
    [
      '[clients]\ndeny_files = ["no-such.list"]\n',
      ["x.toml:5:15: error: clients.deny_files.0: There is no file /etc/hopseal/no-such.list"],
    ],
    [
      '[clients]\ndnsbl_time = "1 min"\n',
      ["x.toml:5:1: error: clients.dnsbl_time: write a time between 100 ms and 30 s"],
    ],
    ["[clients]\nper_client = 3\n", ["x.toml:5:1: error: clients.per_client: This key is not known"]],
    ['[[dnsbl]]\nzone = "bl.example"\nanswers = ["127.0.0.2", "127.0.0.4/30"]\naction = "log"\n', []],
    [
      '[[dnsbl]]\nzone = "bl.example"\nanswers = ["192.0.2.1"]\n',
      ["x.toml:6:12: error: dnsbl.0.answers.0: a list answers with addresses in 127.0.0.0/8"],
    ],
    [
      '[[dnsbl]]\nzone = "bl.example"\n[[dnsbl]]\nzone = "BL.example"\n',
      ["x.toml:7:1: error: dnsbl.1.zone: bl.example is asked by dnsbl.0 already"],
    ],
    [
      '[[dnsbl]]\nzone = "bl.example"\n[clients]\ndnsbl_score = 2\n',
      ["x.toml:7:1: warning: clients.dnsbl_score: All lists together score 1; nobody is refused"],
    ],
    ['[[listen]]\naddress = "127.0.0.1:25"\nproxy_from = ["10.1.2.0/24", "192.0.2.7"]\n', []],
    [
      '[[listen]]\naddress = "127.0.0.1:25"\nproxy_from = ["192.0.2.7", "0.0.0.0/0"]\n',
      [
        "x.toml:6:28: warning: listen.0.proxy_from.1: 0.0.0.0/0 holds strangers: each may claim any address, one of [relay] networks too",
      ],
    ],
  ];
  for (const [text, expected] of rows) {
    assert.deepEqual(said(text, /^(?:clients|limits|dnsbl|listen\.\d+\.proxy_from)/), expected, text);
  }
});

test("explainConfig: says who may connect", () => {
  const text = `${BASE}[clients]\ndeny = ["192.0.2.0/24"]\nmessages_per_minute = 30\n[[dnsbl]]\nzone = "bl.example"\n`;
  const read = parseConfig(text, "x.toml");
  assert.ok(read.ok);
  const settings = explainConfig(read.value.config).filter(({ key }) => /^(?:clients|dnsbl)/.test(key));
  assert.deepEqual(
    settings.map(({ key, value, means }) => `${key} = ${value}: ${means}`),
    [
      "clients.connections = 2000: At a time, the last 20 of them for relay networks alone",
      "clients.connections_per_client = 50: At a time, and 600 new ones a minute; a client is an IPv4 /32 or an IPv6 /64",
      "clients.messages_per_minute = 30: Of one client",
      'clients.allow, clients.deny = ["deny 192.0.2.0/24"]: The narrowest network that holds a client decides',
      'dnsbl.0 = "bl.example": Clients on it are refused, by 1 of 1',
    ],
  );
});
