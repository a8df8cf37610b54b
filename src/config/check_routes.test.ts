import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTarget } from "./check_routes.ts";
import type { RouteTarget } from "./types.ts";

const WORLD = {
  exists: (path: string) => path !== "/absent",
  now: () => 0,
  mode: (path: string) => (path === "/open" ? 0o644 : 0o600),
};
const hop = { host: "relay.isp.example", port: 587 };
const login = { user: "rook", password_file: "/secret" } as const;

const TABLE: readonly (readonly [RouteTarget, readonly string[]])[] = [
  ["discard", []],
  ["mx", []],
  [{ maildir: "/mail/{localpart}" }, []],
  [{ maildir: "/mail/all" }, ["warning route.0.deliver: The maildir has no {localpart}: all recipients share one"]],
  [{ lmtp: "/run/dovecot/lmtp" }, []],
  [{ lmtp: "127.0.0.1:24" }, []],
  [{ lmtp: "[::1]" }, []],
  [{ lmtp: "localhost" }, []],
  [
    { lmtp: "mail.rook.example" },
    [
      "warning route.0.deliver.lmtp: mail.rook.example is another machine, and LMTP to it is protected only as far as it offers TLS",
    ],
  ],
  [
    { lmtp: "run/lmtp" },
    ['error route.0.deliver.lmtp: "run/lmtp" is neither host:port nor the absolute path of a socket'],
  ],
  [{ lmtp: "127.0.0.1:25" }, ["error route.0.deliver.lmtp: LMTP is never spoken on port 25 (RFC 2033 §5)"]],
  [
    { lmtp: "127.0.0.1:0" },
    ['error route.0.deliver.lmtp: "127.0.0.1:0" is neither host:port nor the absolute path of a socket'],
  ],
  [{ smtp: hop }, []],
  [{ smtp: hop, tls: "secure", ...login }, []],
  [
    { smtp: hop, tls: "encrypt", ...login },
    ['error route.0.deliver: A password goes to relay.isp.example only with tls = "secure" (RFC 4954 §4)'],
  ],
  [
    { smtp: hop, ...login },
    ['error route.0.deliver: A password goes to relay.isp.example only with tls = "secure" (RFC 4954 §4)'],
  ],
  [{ smtp: { host: "127.0.0.1", port: 2525 }, ...login }, []],
  [{ smtp: hop, tls: "secure", user: "rook" }, ["error route.0.deliver.user: user needs password_file beside it"]],
  [
    { smtp: hop, tls: "secure", password_file: "/secret" },
    ["error route.0.deliver.password_file: password_file needs user beside it"],
  ],
  [
    { smtp: hop, tls: "secure", user: "rook", password_file: "/absent" },
    ["error route.0.deliver.password_file: There is no file /absent"],
  ],
  [
    { smtp: hop, tls: "secure", user: "rook", password_file: "/open" },
    ["warning route.0.deliver.password_file: Everybody on this machine may read /open; chmod 600 it"],
  ],
];

test("checkTarget: what each target of a route is told, compared whole (RFC 2033 §5, RFC 4954 §4)", () => {
  for (const [target, expected] of TABLE) {
    const found = checkTarget(target, 0, WORLD).map(
      ({ severity, path, message }) => `${severity} ${path.join(".")}: ${message}`,
    );
    assert.deepEqual(found, expected, JSON.stringify(target));
  }
});
