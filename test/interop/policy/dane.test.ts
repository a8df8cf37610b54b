import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { needs } from "../../support/programs.ts";

const skip =
  needs("postfix", "exim4", "unbound", "nsd", "ldns-signzone", "unshare", "ip", "mount") ||
  (process.getuid?.() === 0 ? false : "only root may bind ports 25 and 53");

/** Everything that is started in the namespaces ends with the first process in them. */
async function inNamespaces(script: string): Promise<string> {
  const program = fileURLToPath(new URL(script, import.meta.url));
  const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const options = { timeout: 120_000, killSignal: "SIGKILL" } as const;
  return (await promisify(execFile)("unshare", [...namespaces, process.execPath, program], options)).stdout;
}

test("Postfix, Exim and Hopseal agree on TLSA records of each other, over port 25 and a validating unbound (RFC 7672 §2.2)", {
  skip,
}, async () => {
  const results = JSON.parse(await inNamespaces("_inside.ts")) as Record<string, string>;
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
