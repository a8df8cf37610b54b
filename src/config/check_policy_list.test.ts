import assert from "node:assert/strict";
import { test } from "node:test";
import { explainConfig } from "./explain.ts";
import { parseConfig } from "./load.ts";

const FINGERPRINT = "B693 F333 72E9 65D7 6D55  3686 16EE A65D 0332 6C9D";
const SIGNED = `key = "/dev/null"\nfingerprint = "${FINGERPRINT}"`;
const URL = 'url = "https://lists.example/policy.json"';

/** The issues about `[[policy_list]]`, e.g. "error policy_list.0.url: …". */
function issues(...tables: readonly string[]): readonly string[] {
  const lists = tables.map((table) => `[[policy_list]]\n${table}`).join("\n");
  const text = `hostname = "mx.rook.example"\ndata_dir = "/data"\npostmaster = "bo@rook.example"\n${lists}\n`;
  const loaded = parseConfig(text, "/etc/hopseal.toml");
  const found = loaded.ok ? loaded.value.warnings : loaded.error.issues;
  return found
    .filter(({ key }) => key.startsWith("policy_list"))
    .map(({ severity, key, message }) => `${severity} ${key}: ${message}`);
}

test("[[policy_list]]: what contradicts itself, is not there, or is vouched for by nobody", () => {
  const table: readonly (readonly [readonly string[], readonly string[]])[] = [
    [[`name = "a"\n${URL}\n${SIGNED}`], []],
    [[`name = "a"\n${SIGNED}`], []],
    [['name = "a"'], []],
    [['name = "a"\nfile = "/dev/null"'], []],
    [[`name = "a"\nfile = "/dev/null"\nsignature = "/dev/null"\n${SIGNED}`], []],
    [
      [
        `name = "a"\n${URL}\nsignature = "https://sig.example:8443/x"\nroots = "bundled"\nnetworks = ["10.0.0.0/8"]\n${SIGNED}`,
      ],
      [],
    ],
    [['name = "A b"'], ["error policy_list.0.name: write small letters, digits and hyphens"]],
    [['name = "../a"'], ["error policy_list.0.name: write small letters, digits and hyphens"]],
    [['name = "a"', 'name = "a"'], ["error policy_list.1.name: a is the name of policy_list.0 already"]],
    [
      [`name = "a"\n${URL}`],
      ["error policy_list.0.url: A list from elsewhere needs key and fingerprint: nobody else vouches for it"],
    ],
    [
      [`name = "a"\n${URL}\nfile = "/dev/null"\n${SIGNED}`],
      ["error policy_list.0.file: A list comes from its url or from a file; give one of the two"],
    ],
    [
      [`name = "a"\nurl = "http://lists.example/"\n${SIGNED}`],
      ['error policy_list.0.url: "http://lists.example/" is no https:// address'],
    ],
    [
      [`name = "a"\nurl = "lists.example"\n${SIGNED}`],
      ['error policy_list.0.url: "lists.example" is no https:// address'],
    ],
    [
      [`name = "a"\nurl = "https://bo:x@lists.example/"\n${SIGNED}`],
      ["error policy_list.0.url: A user or password is not sent; leave it out"],
    ],
    ...["192.0.2.1", "[2001:db8::1]"].map(
      (host) =>
        [
          [`name = "a"\nurl = "https://${host}/"\n${SIGNED}`],
          ["error policy_list.0.url: The host must have a name that its certificate can prove"],
        ] as const,
    ),
    [
      [`name = "a"\n${URL}\nsignature = "policy.json.asc"\n${SIGNED}`],
      ['error policy_list.0.signature: "policy.json.asc" is no https:// address'],
    ],
    [
      [`name = "a"\nsignature = "/dev/null"\n${SIGNED}`],
      ["error policy_list.0.signature: This belongs to a url or file; there is none"],
    ],
    [
      ['name = "a"\nfile = "/dev/null"\nsignature = "/dev/null"'],
      ["error policy_list.0.signature: A signature needs key and fingerprint"],
    ],
    [
      ['name = "a"\nkey = "/dev/null"'],
      ["error policy_list.0.key: key and fingerprint belong together: the file, and which key of it is believed"],
    ],
    [
      [`name = "a"\nfingerprint = "${FINGERPRINT}"`],
      [
        "error policy_list.0.fingerprint: key and fingerprint belong together: the file, and which key of it is believed",
      ],
    ],
    [
      ['name = "a"\nkey = "/dev/null"\nfingerprint = "16EEA65D03326C9D"'],
      [
        'error policy_list.0.fingerprint: "16EEA65D03326C9D" is no fingerprint; write all of its 40 or 64 hexadecimal digits',
      ],
    ],
    [
      [`name = "a"\nkey = "gone.asc"\nfingerprint = "${FINGERPRINT}"`],
      ["error policy_list.0.key: There is no file /etc/gone.asc"],
    ],
    [['name = "a"\nfile = "gone.json"'], ["warning policy_list.0.file: There is no file /etc/gone.json"]],
    [
      [`name = "a"\n${URL}\nroots = "gone.pem"\n${SIGNED}`],
      ['error policy_list.0.roots: There is no file /etc/gone.pem; write "system", "bundled" or a PEM file'],
    ],
    [['name = "a"\nnetworks = ["10.0.0.0/8"]'], ["warning policy_list.0.networks: This changes nothing without url"]],
    [
      [`name = "a"\n${URL}\nrefresh = "49 h"\n${SIGNED}`],
      ["warning policy_list.0.refresh: A list should be renewed every 48 h at least"],
    ],
    [
      [`name = "a"\n${URL}\nrefresh = "59 s"\n${SIGNED}`],
      ["error policy_list.0.refresh: a list is renewed once a minute at most"],
    ],
    [['name = "a"', 'name = "b"\nmode = "audit"'], []],
    [
      ['name = "a"\nmode = "audit"', 'name = "b"'],
      [
        "warning policy_list.0.mode: The first list that names a domain speaks, so this one lets nothing of later lists bind for its domains",
      ],
    ],
  ];
  assert.deepEqual(
    table.map(([tables]) => [tables, issues(...tables)]),
    table,
  );
});

test("[[policy_list]]: defaults, absolute paths, and what explain says", () => {
  const text = `hostname = "mx.rook.example"\ndata_dir = "/data"\npostmaster = "bo@rook.example"
[[policy_list]]\nname = "far"\n${URL}\nsignature = "https://lists.example/s"\n${SIGNED}
[[policy_list]]\nname = "near"\nfile = "../dev/null"\nsignature = "sig"\nmode = "audit"\n${SIGNED}
[[policy_list]]\nname = "hand"\n`;
  const loaded = parseConfig(text, "/etc/hopseal.toml");
  assert.ok(loaded.ok);
  const fingerprint = "b693f33372e965d76d55368616eea65d03326c9d";
  const rest = { mode: "enforce", networks: [], refresh: 43_200_000, roots: "system" };
  assert.deepEqual(loaded.value.config.policy_list, [
    {
      ...rest,
      name: "far",
      url: "https://lists.example/policy.json",
      signature: "https://lists.example/s",
      key: "/dev/null",
      fingerprint,
    },
    { ...rest, name: "near", mode: "audit", file: "/dev/null", signature: "/etc/sig", key: "/dev/null", fingerprint },
    { ...rest, name: "hand" },
  ]);
  assert.deepEqual(
    explainConfig(loaded.value.config)
      .filter(({ key }) => key.startsWith("policy_list"))
      .map(({ value, means }) => `${value}: ${means}`),
    [
      `"far": A policy list, fetched from https://lists.example/policy.json every 12 h; signed by ${fingerprint}; binds where it says "enforce" and the destination itself publishes nothing`,
      `"near": A policy list, read from /dev/null; signed by ${fingerprint}; checked and reported, and binds nobody`,
      '"hand": A policy list, imported by hand; not signed; binds where it says "enforce" and the destination itself publishes nothing',
    ],
  );
});
