import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPublished } from "./check_published.ts";
import { explainConfig } from "./explain.ts";
import { parseConfig } from "./load.ts";
import type { Config } from "./types.ts";

const BASE =
  'hostname = "mx1.rook.example"\ndata_dir = "q"\npostmaster = "bo@pine.example"\n[[listen]]\naddress = "127.0.0.1:2525"\ntls = "none"\n';
const DOMAIN = '[[domain]]\nname = "rook.example"\nrecipients = "any"\n';
const PROXIED = '[https]\naddress = "127.0.0.1:8443"\ntls = "none"\n';
const HOSTED = '[domain.mta_sts]\nmode = "enforce"\n';

/** The names that the certificate in a file is for; "/broken" cannot be read. */
const CERTIFICATES: Readonly<Record<string, readonly string[]>> = {
  "/mx": ["mx1.rook.example"],
  "/policy": ["mta-sts.rook.example"],
  "/wild": ["*.rook.example"],
};

function config(text: string, certificates: readonly string[]): Config {
  const parsed = parseConfig(BASE + text, "/x.toml");
  // Without certificates on disk: they are put in after parsing.
  assert.ok(parsed.ok, parsed.ok ? "" : JSON.stringify(parsed.error.issues));
  return {
    ...parsed.value.config,
    certificate: certificates.map((chain) => ({ chain, key: "/key" })),
  };
}

function told(found: Config): readonly string[] {
  const world = {
    exists: (path: string) => path !== "/absent",
    certificateNames: (path: string) => CERTIFICATES[path],
    now: () => 0,
  };
  return checkPublished(found, world).map(({ severity, path, message }) => `${severity} ${path.join(".")}: ${message}`);
}

test("checkPublished: what serves nobody, or could not be fetched by anybody (RFC 8461 §3.3)", () => {
  const table: readonly (readonly [Config, readonly string[]])[] = [
    [config(DOMAIN, []), []],
    [config(`${DOMAIN}${HOSTED}`, []), []],
    [config(`${DOMAIN}${HOSTED}${PROXIED}`, []), []],
    [
      { ...config("", ["/mx"]), https: { address: { host: "127.0.0.1", port: 8443 }, tls: "implicit" } },
      ["warning https: No [[domain]] has a [domain.mta_sts], so there is nothing to serve"],
    ],
    [
      { ...config(`${DOMAIN}${HOSTED}`, []), https: { address: { host: "0.0.0.0", port: 443 }, tls: "implicit" } },
      ['error https: tls = "implicit" needs a [[certificate]]'],
    ],
    [
      { ...config(`${DOMAIN}${HOSTED}`, ["/mx"]), https: { address: { host: "0.0.0.0", port: 443 }, tls: "implicit" } },
      ["error domain.0.mta_sts: No [[certificate]] is for mta-sts.rook.example, so nobody accepts the policy"],
    ],
    [
      {
        ...config(`${DOMAIN}${HOSTED}`, ["/mx", "/policy"]),
        https: { address: { host: "0.0.0.0", port: 443 }, tls: "implicit" },
      },
      [],
    ],
    [
      {
        ...config(`${DOMAIN}${HOSTED}`, ["/wild"]),
        https: { address: { host: "0.0.0.0", port: 443 }, tls: "implicit" },
      },
      [],
    ],
    [
      {
        ...config(`${DOMAIN}${HOSTED}`, ["/broken"]),
        https: { address: { host: "0.0.0.0", port: 443 }, tls: "implicit" },
      },
      [],
    ],
    [
      { ...config(`${DOMAIN}${HOSTED}`, []), https: { address: { host: "0.0.0.0", port: 80 }, tls: "none" } },
      ['error https.tls: tls = "none" is for a reverse proxy: address must be of this machine alone'],
    ],
    [
      {
        ...config(`${DOMAIN}${HOSTED}`, ["/wild"]),
        https: { address: { host: "127.0.0.1", port: 2525 }, tls: "implicit" },
      },
      ["error https.address: 127.0.0.1:2525 is already taken by listen.0"],
    ],
    [
      config(`${DOMAIN}[domain.mta_sts]\nmode = "enforce"\nmax_age = "1 h"\nmx = ["*.pine.example"]\n`, []),
      [
        "warning domain.0.mta_sts.mx: No name here stands for this machine, mx1.rook.example",
        "warning domain.0.mta_sts.max_age: Senders forget within a day that rook.example is protected; RFC 8461 means weeks",
      ],
    ],
    [config(`${DOMAIN}[domain.mta_sts]\nmode = "none"\nmx = ["mx.pine.example"]\nmax_age = "1 d"\n`, []), []],
    [
      {
        ...config("", []),
        certificate: [{ chain: "/mx", key: "/key", next_key: "/absent" }],
      },
      ["error certificate.0.next_key: There is no file /absent"],
    ],
  ];
  for (const [given, expected] of table) assert.deepEqual(told(given), expected);
});

test("parseConfig: mistakes in what is published are errors at their keys (RFC 8460 §3, RFC 8461 §3.2)", () => {
  const mistakes = (text: string): readonly string[] => {
    const parsed = parseConfig(BASE + text, "/x.toml");
    return parsed.ok ? [] : parsed.error.issues.map(({ key, message }) => `${key}: ${message}`);
  };
  const wrong = (uri: string): string =>
    `${JSON.stringify(uri)} is no mailto: or https: address; "," "!" ";" are written %2C %21 %3B`;
  const table: readonly (readonly [string, readonly string[]])[] = [
    [`${DOMAIN}tls_rpt = "mailto:tls@rook.example"\n`, []],
    [`${DOMAIN}tls_rpt = ["mailto:a%2Cb@rook.example", "https://r.rook.example/v1"]\n`, []],
    [`${DOMAIN}tls_rpt = "tls@rook.example"\n`, [`domain.0.tls_rpt: ${wrong("tls@rook.example")}`]],
    [
      `${DOMAIN}tls_rpt = ["mailto:a@rook.example", "mailto:a,b@rook.example", "http://r.rook.example/"]\n`,
      [
        `domain.0.tls_rpt.1: ${wrong("mailto:a,b@rook.example")}`,
        `domain.0.tls_rpt.2: ${wrong("http://r.rook.example/")}`,
      ],
    ],
    [`${DOMAIN}tls_rpt = "mailto:a b@rook.example"\n`, [`domain.0.tls_rpt: ${wrong("mailto:a b@rook.example")}`]],
    [
      `${DOMAIN}[domain.mta_sts]\nmode = "enforce"\nmx = ["mx1.rook.example", "mx.*.example"]\n`,
      ['domain.0.mta_sts.mx.1: "mx.*.example" is no MX name: "*" is no valid label in "mx.*.example"'],
    ],
    [
      `${DOMAIN}[domain.mta_sts]\nmode = "testing"\nmax_age = "366 d"\n`,
      ["domain.0.mta_sts.max_age: max_age lies between 1 s and 31557600 s"],
    ],
    [`${DOMAIN}[domain.mta_sts]\nmode = "strict"\n`, ["domain.0.mta_sts.mode: Invalid option"]],
  ];
  for (const [text, expected] of table) {
    const got = mistakes(text);
    assert.deepEqual(
      got.map((line, at) => (expected[at]?.endsWith("Invalid option") === true ? line.split(":", 2).join(":") : line)),
      expected,
    );
  }
});

test("explainConfig: says what is served and where reports go", () => {
  const explained = explainConfig(config(`${DOMAIN}tls_rpt = "mailto:tls@rook.example"\n${HOSTED}${PROXIED}`, []));
  assert.deepEqual(
    explained.filter(({ key }) => /https|mta_sts$|tls_rpt/.test(key) && !key.startsWith("policy")),
    [
      {
        key: "https.address",
        value: '"127.0.0.1:8443"',
        means: "Serves the MTA-STS policies of our domains to a reverse proxy on this machine",
      },
      {
        key: "domain.0.mta_sts",
        value: '"enforce"',
        means: "mta-sts.rook.example says so of mx1.rook.example, for 14 days",
      },
      {
        key: "domain.0.tls_rpt",
        value: '"mailto:tls@rook.example"',
        means: "Other servers shall send TLS reports there, once the record is published",
      },
    ],
  );
});
