import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { needs } from "../../support/programs.ts";
import { sendToEachOther } from "./_inside.ts";

const skip =
  needs("postfix", "exim4", "unbound", "nsd", "ldns-signzone", "unshare", "ip", "mount") ||
  (process.getuid?.() === 0 ? false : "only root may bind ports 25 and 53");

/** This file again, in namespaces; everything that is started there ends with the first process in them. */
async function inNamespaces(): Promise<string> {
  const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  return await new Promise((resolve, reject) => {
    execFile(
      "unshare",
      [...namespaces, process.execPath, fileURLToPath(import.meta.url)],
      { timeout: 120_000, killSignal: "SIGKILL", env: { ...process.env, [INSIDE]: "1" } },
      (error, stdout) => (error === null ? resolve(stdout) : reject(error)),
    );
  });
}

const INSIDE = "HOPSEAL_TEST_INSIDE";

if (process.env[INSIDE] === "1") process.stdout.write(JSON.stringify(await sendToEachOther()));
else
  test("Postfix, Exim and Hopseal agree on TLSA records of each other, over port 25 and a validating unbound (RFC 7672 §2.2)", {
    skip,
  }, async () => {
    const results = JSON.parse(await inNamespaces()) as Record<string, string>;
    assert.deepEqual(results, {
      "Hopseal to Postfix, ee": "delivered dane:dane",
      "Hopseal to Exim, ee": "delivered dane:dane",
      "Postfix to Hopseal, ee": "sent Verified",
      "Exim to Hopseal, ee": "sent dane",
      "Hopseal to Postfix, ta": "delivered dane:dane",
      "Hopseal to Exim, ta": "delivered dane:dane",
      "Postfix to Hopseal, ta": "sent Verified",
      "Exim to Hopseal, ta": "sent dane",
      "Hopseal to Postfix, wrong": "deferred dane:!verify",
      "Hopseal to Exim, wrong": "deferred dane:!verify",
      "Postfix to Hopseal, wrong": "deferred Untrusted",
      "Exim to Hopseal, wrong": "deferred no TLS",
      "Hopseal to Postfix, none": "delivered may:encrypted",
      "Hopseal to Exim, none": "delivered may:encrypted",
      "Postfix to Hopseal, none": "sent Untrusted",
      "Exim to Hopseal, none": "sent no",
      "Hopseal to Postfix, unusable": "delivered dane:encrypted",
      "Hopseal to Exim, unusable": "delivered dane:encrypted",
      "Postfix to Hopseal, unusable": "sent Untrusted",
      "Exim to Hopseal, unusable": "sent no",
      "came to Postfix": "4",
      "came to Exim": "4",
      "came to Hopseal": "8",
    });
  });
