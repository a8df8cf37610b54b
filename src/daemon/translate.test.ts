import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfig } from "../config/mod.ts";
import { routesOf, selfOf } from "./translate.ts";

const MINIMUM = 'hostname = "mx1.rook.example"\ndata_dir = "q"\npostmaster = "postmaster@pine.example"\n';

function configOf(text: string): Parameters<typeof routesOf>[0] {
  const parsed = parseConfig(MINIMUM + text, join(tmpdir(), "x.toml"));
  if (!parsed.ok) assert.fail(JSON.stringify(parsed.error.issues));
  return parsed.value.config;
}

function targets(...deliver: readonly string[]): readonly unknown[] {
  const text = deliver.map((one) => `[[route]]\nrecipients = ["pine.example"]\ndeliver = ${one}\n`).join("");
  return routesOf(configOf(text)).map(({ target }) => target);
}

test("routesOf: each kind of target as delivery takes it (RFC 2033 §5, RFC 8314 §3.3)", () => {
  const host = "relay.isp.example";
  assert.deepEqual(
    targets(
      '"mx"',
      '"discard"',
      '{ maildir = "/mail/{localpart}" }',
      '{ lmtp = "/run/lmtp" }',
      '{ lmtp = "127.0.0.1" }',
      '{ lmtp = "[::1]:2424" }',
      `{ smtp = "${host}" }`,
      `{ smtp = "${host}:465" }`,
      `{ smtp = "${host}:465", implicit = false, tls = "encrypt" }`,
      `{ smtp = "${host}:587", convert = true }`,
      `{ smtp = "${host}:587", convert = false }`,
    ),
    [
      { kind: "mx" },
      { kind: "discard" },
      { kind: "maildir", path: "/mail/{localpart}" },
      { kind: "lmtp", at: { path: "/run/lmtp" } },
      { kind: "lmtp", at: { host: "127.0.0.1", port: 24 } },
      { kind: "lmtp", at: { host: "::1", port: 2424 } },
      { kind: "smtp", host, port: 25, mode: "starttls" },
      { kind: "smtp", host, port: 465, mode: "implicit" },
      { kind: "smtp", host, port: 465, mode: "starttls", tls: "encrypt" },
      { kind: "smtp", host, port: 587, mode: "starttls", convert: true },
      { kind: "smtp", host, port: 587, mode: "starttls" },
    ],
  );
});

test("routesOf: a password is read anew for each session, without the line end that editors put", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-translate-"));
  try {
    const file = join(folder, "password");
    await writeFile(file, " s3cret \r\n", { mode: 0o600 });
    const [route] = routesOf(
      configOf(
        `[[route]]\nrecipients = ["*"]\ndeliver = { smtp = "relay.isp.example:587", tls = "secure", user = "rook", password_file = "${file}" }\n`,
      ),
    );
    assert.ok(route?.target.kind === "smtp" && route.target.credentials !== undefined);
    const { user, password } = route.target.credentials;
    assert.deepEqual([user, await password()], ["rook", " s3cret "]);
    await writeFile(file, "other\n");
    assert.equal(await password(), "other");
    await rm(file);
    await assert.rejects(password(), /ENOENT/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("selfOf: the addresses of the listeners on the port of MX hosts, all of the machine's for a wildcard (RFC 5321 §5.1)", () => {
  const listen = (address: string): string => `[[listen]]\naddress = "${address}"\ntls = "none"\n`;
  assert.deepEqual(selfOf(configOf(listen("192.0.2.1:25") + listen("192.0.2.2:2525"))), {
    names: ["mx1.rook.example"],
    addresses: ["192.0.2.1"],
  });
  assert.ok(selfOf(configOf(listen("0.0.0.0:25"))).addresses.includes("127.0.0.1"));
});
