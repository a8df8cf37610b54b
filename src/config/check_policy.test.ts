import assert from "node:assert/strict";
import { test } from "node:test";
import { explainConfig } from "./explain.ts";
import { formatIssue, parseConfig } from "./load.ts";

const MINIMUM = 'hostname = "mx1.rook.example"\ndata_dir = "q"\npostmaster = "postmaster@pine.example"\n';
const QUIET = "[[listen]]\naddress = '127.0.0.1:2525'\ntls = 'none'\n";

function issues(text: string): string[] {
  const result = parseConfig(MINIMUM + QUIET + text, "x.toml");
  return (result.ok ? result.value.warnings : result.error.issues).map((issue) => formatIssue("x.toml", issue));
}

test("checkPolicy: files that are missing, keys without effect, and departures from a standard", () => {
  const entry = (more: string): string =>
    `[[tls_policy]]\ndestination = 'pine.example'\nmx = ['mx.pine.example']\n${more}`;
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["", []],
    ["[policy]\ndane = 'audit'\nmta_sts = 'audit'\nrequiretls = 'off'\n", []],
    [
      "[policy]\nmta_sts_roots = 'nowhere.pem'\n",
      [
        `x.toml:8:1: error: policy.mta_sts_roots: There is no file ${process.cwd()}/nowhere.pem; write "system", "bundled" or a PEM file`,
      ],
    ],
    ["[policy]\nmta_sts_roots = 'nowhere.pem'\nmta_sts = 'off'\n", []],
    [
      "[dns]\ndnssec = 'off'\n",
      ['x.toml:8:1: warning: dns.dnssec: DANE needs DNSSEC: with dnssec = "off" no TLSA record counts'],
    ],
    ["[dns]\ndnssec = 'off'\n[policy]\ndane = 'off'\n", []],
    [
      "[policy]\ndane = 'off'\ndane_insecure_mx = true\nmta_sts = 'off'\nmta_sts_strict = true\n",
      [
        'x.toml:9:1: warning: policy.dane_insecure_mx: This changes nothing while dane = "off"',
        'x.toml:11:1: warning: policy.mta_sts_strict: This changes nothing while mta_sts = "off"',
      ],
    ],
    [
      "[policy]\ndiscover = true\nrequiretls = 'encrypt'\ntls_required_no = 'ignore'\n",
      [
        "x.toml:8:1: warning: policy.discover: Nothing of what destinations publish is enforced, only logged",
        'x.toml:9:1: warning: policy.requiretls: Only "enforce" and "off" conform to RFC 8689 §4.2.1',
        'x.toml:10:1: warning: policy.tls_required_no: Only "all" conforms to RFC 8689 §4.1',
      ],
    ],
    [entry("level = 'secure'\nby = ['dane', 'webpki']\n"), []],
    [
      entry("level = 'encrypt'\nby = ['dane']\n"),
      ['x.toml:11:1: error: tls_policy.0.by: This says how a host proves itself; it needs level = "secure"'],
    ],
    [
      entry(`level = 'secure'\nby = ['webpki']\npin = ['spki:${"0".repeat(64)}']\n`),
      ["x.toml:12:1: error: tls_policy.0.pin: Pinned keys replace by = [...]; give one of the two"],
    ],
    [
      `${entry("level = 'secure'\nby = ['dane']\n")}[policy]\ndane = 'off'\n`,
      ["x.toml:11:1: warning: tls_policy.0.by: DANE is off here, so mail to pine.example waits"],
    ],
  ];
  assert.deepEqual(
    cases.map(([text]) => [text, issues(text)]),
    cases,
  );
});

test("explainConfig: says what becomes of what destinations publish", () => {
  const said = (text: string): readonly string[] => {
    const parsed = parseConfig(MINIMUM + QUIET + text, "x.toml");
    assert.ok(parsed.ok);
    return explainConfig(parsed.value.config)
      .filter(({ key }) => key.startsWith("policy."))
      .map(({ key, value, means }) => `${key} = ${value}: ${means}`);
  };
  assert.deepEqual(said(""), [
    'policy.dane = "on": TLSA records bind: a host that they do not prove gets no mail',
    'policy.mta_sts = "on": MTA-STS policies are fetched, kept, renewed daily, and bind where they say "enforce"',
    'policy.requiretls = "enforce": REQUIRETLS is offered, and kept on the way to the next hop',
    'policy.tls_required_no = "all": Every sender may ask for delivery before protection (TLS-Required: No)',
  ]);
  assert.deepEqual(
    said(
      "[policy]\ndane = 'off'\nmta_sts = 'audit'\nrequiretls = 'off'\ntls_required_no = 'authenticated'\ndiscover = true\n",
    ),
    [
      'policy.dane = "off": Nobody asks for TLSA records',
      'policy.mta_sts = "audit": MTA-STS policies are checked and reported, and bind nobody',
      'policy.requiretls = "off": REQUIRETLS is not offered',
      'policy.tls_required_no = "authenticated": Our own senders may ask for delivery before protection (TLS-Required: No)',
      "policy.discover = true: Enforces nothing of what is published, and logs what would have been",
    ],
  );
});
