import assert from "node:assert/strict";
import { test } from "node:test";
import { explainConfig } from "./explain.ts";
import { formatIssue, parseConfig } from "./load.ts";

const MINIMUM =
  'hostname = "mx1.rook.example"\ndata_dir = "q"\npostmaster = "postmaster@pine.example"\n[[listen]]\naddress = \'127.0.0.1:2525\'\ntls = \'none\'\n[policy_service]\n';

test("checkPolicyService: it is for this machine alone, and a path must be one that a socket may have", () => {
  const issues = (text: string): readonly string[] => {
    const result = parseConfig(MINIMUM + text, "x.toml");
    return (result.ok ? result.value.warnings : result.error.issues).map((issue) => formatIssue("x.toml", issue));
  };
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["", []],
    ["address = '127.0.0.1:8461'\n", []],
    ["address = '[::1]:8461'\n", []],
    ["address = 'localhost:8461'\npath = 'policy.sock'\nopen = 'notfound'\n", []],
    [
      "address = '0.0.0.0:8461'\n",
      [
        "x.toml:8:1: error: policy_service.address: Nobody proves anything there; listen on 127.0.0.1 or ::1, or give a path",
      ],
    ],
    [
      `path = '/${"x".repeat(103)}'\n`,
      ["x.toml:8:1: error: policy_service.path: A socket may have a path of 103 octets at most"],
    ],
    ["address = '127.0.0.1:2525'\n", ["x.toml:8:1: error: policy_service.address: listen.0 listens there already"]],
    [
      "address = '127.0.0.1:8443'\n[https]\naddress = '127.0.0.1:8443'\ntls = 'none'\n[[domain]]\nname = 'pine.example'\nrecipients = 'any'\nmta_sts = { mode = 'testing', mx = ['mx1.rook.example'] }\n",
      ["x.toml:8:1: error: policy_service.address: https listens there already"],
    ],
    ["open = 'never'\n", ['x.toml:8:1: error: policy_service.open: Invalid option: expected one of "may"|"notfound"']],
  ];
  assert.deepEqual(
    cases.map(([text]) => [text, issues(text)]),
    cases,
  );
});

test("explainConfig: says where the policy service answers, and what where nothing asks for more", () => {
  const said = (text: string): readonly string[] => {
    const parsed = parseConfig(MINIMUM + text, "/etc/hopseal/x.toml");
    assert.ok(parsed.ok);
    return explainConfig(parsed.value.config)
      .filter(({ key }) => key === "policy_service")
      .map(({ value, means }) => `${value}: ${means}`);
  };
  assert.deepEqual(said(""), []);
  assert.deepEqual(said("address = '127.0.0.1:8461'\npath = 'p.sock'\n"), [
    '127.0.0.1:8461, /etc/hopseal/p.sock: Tells other mail servers the TLS policy of next hops; where nothing asks for more, "may"',
  ]);
  assert.deepEqual(said("path = '/run/p.sock'\nopen = 'notfound'\n"), [
    "/run/p.sock: Tells other mail servers the TLS policy of next hops; where nothing asks for more, nothing, so that their own default counts",
  ]);
});
