import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfig } from "../../../src/config/mod.ts";
import { dnssecMemory } from "../../../src/daemon/dnssec_memory.ts";
import { openPolicyLook } from "../../../src/daemon/policy_look.ts";
import { octets32 } from "../../../src/dns/wire/encode.ts";
import { nameOf, nameWire } from "../../../src/dns/wire/name.ts";
import { TYPE } from "../../../src/dns/wire/types.ts";
import { concat } from "../../../src/base/mod.ts";
import { domain, NO_DEMAND } from "../../../src/mail/mod.ts";
import { recordOf, replyTo, scriptedServer } from "../../support/dns-server.ts";

const SOA = concat([nameWire(nameOf("ns")), nameWire(nameOf("h")), ...[1, 2, 3, 4, 5].map(octets32)]);

test("hopseal policy says what the daemon does when signatures vanish that were there before: the mail waits (RFC 7672 §2.1.2)", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "hopseal-look-"));
  // A server that strips signatures: the root has none, and pine.example is its own host.
  await using stripping = await scriptedServer((query) => {
    const { name, type } = query.question[0] ?? { name: nameOf(""), type: 0 };
    if (type === TYPE.SOA) return [replyTo(query, { answer: [recordOf(nameOf(""), TYPE.SOA, { rdata: SOA })] })];
    const answer = type === TYPE.A ? [recordOf(name, TYPE.A, { rdata: new Uint8Array([192, 0, 2, 1]) })] : [];
    return [replyTo(query, { answer })];
  });
  const text = `hostname = "mx.rook.example"\ndata_dir = "."\npostmaster = "postmaster@rook.example"\n[dns]\nservers = ["127.0.0.1:${stripping.server.port}"]\n[outbound]\nnetworks = ["192.0.2.0/24"]\n[policy]\nmta_sts = "off"\n`;
  const loaded = parseConfig(text, join(folder.path, "hopseal.toml"));
  assert.ok(loaded.ok);
  const { config } = loaded.value;
  const looked = async (): Promise<string> => {
    await using look = await openPolicyLook(config);
    const { plan } = await look.look({ localPart: "", domain: domain("pine.example") }, NO_DEMAND);
    return plan?.kind ?? "local";
  };
  assert.equal(await looked(), "hosts");
  dnssecMemory(folder.path, config.dns).remember();
  assert.equal(await looked(), "retry");
});
