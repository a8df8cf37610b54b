import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfig } from "../../../src/config/mod.ts";
import { startDaemon } from "../../../src/daemon/mod.ts";
import type { ClientSession } from "../../../src/smtp/client/mod.ts";
import { contentFacts } from "../../../src/smtp/grammar/mod.ts";
import { connectPlain, MAY, outgoing } from "../../support/client.ts";
import { type Caught, startSink } from "../../support/sink.ts";
import { vectors } from "../../support/vectors.ts";

const { path, skip } = vectors("mail");

/** How a message may travel: with LF made CRLF by DATA, or as it is by BDAT with BINARYMIME. */
interface Form {
  readonly content: Buffer;
  readonly binary: boolean;
  readonly eightBit: boolean;
}

test("relay: all of vectors/mail arrives byte for byte, by DATA and by BDAT (RFC 5321 §4.5.2, RFC 3030 §2)", {
  skip,
}, async () => {
  const files = (await readdir(path, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && isMessage(entry.name, entry.parentPath),
  );
  assert.ok(files.length >= 100, `${files.length} messages`);
  await using house = await open();
  let byData = 0;
  let byBdat = 0;
  for (const file of files) {
    const name = join(file.parentPath, file.name);
    const raw = await readFile(name);
    for (const chunking of ["needed", "preferred"] as const) {
      const form = formOf(raw);
      if (form.binary) byBdat++;
      else if (chunking === "preferred") byBdat++;
      else byData++;
      const { content: arrived, request } = await house.relay(form, chunking);
      assert.equal(request.body, form.binary ? "binarymime" : form.eightBit ? "8bitmime" : "7bit", name);
      const tail = arrived.subarray(arrived.length - form.content.length);
      assert.ok(tail.equals(form.content), `${name} by ${chunking}`);
      const head = arrived.subarray(0, arrived.length - form.content.length).toString("latin1");
      assert.match(head, /^Received: from [^;]*;[^;]*\r\n$/, name);
    }
  }
  assert.ok(byData >= 50 && byBdat >= 100, `${byData} by DATA, ${byBdat} by BDAT`);
});

function isMessage(name: string, folder: string): boolean {
  return name.endsWith(".eml") || folder.includes("maildir");
}

function formOf(raw: Buffer): Form {
  const facts = contentFacts([raw]);
  const onlyLf = !raw.includes("\r") && raw.at(-1) === 10 && !raw.includes(0);
  if (onlyLf)
    return {
      content: Buffer.from(raw.toString("latin1").replaceAll("\n", "\r\n"), "latin1"),
      binary: false,
      eightBit: facts.eightBit,
    };
  return {
    content: raw,
    binary: facts.bareCrLf || facts.nul || !facts.endsInCrlf || facts.longestLine > 998,
    eightBit: facts.eightBit,
  };
}

interface House extends AsyncDisposable {
  relay(form: Form, chunking: "needed" | "preferred"): Promise<Caught>;
}

async function open(): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-vectors-"));
  const sink = await startSink();
  const loaded = parseConfig(CONFIG.replace("{port}", String(sink.port)), join(folder, "hopseal.toml"));
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const started = await startDaemon(loaded.value.config);
  assert.ok(started.ok, JSON.stringify(started));
  const port = started.value.listeners[0]?.port ?? 0;
  const sessions = { needed: await session(port, "needed"), preferred: await session(port, "preferred") };
  return {
    async relay(form, chunking) {
      const result = await sessions[chunking].send(
        outgoing({
          content: form.content,
          to: ["bo@rook.example"],
          ...(form.binary ? { body: "binarymime" as const } : {}),
        }),
        MAY,
      );
      assert.ok(!("kind" in result), JSON.stringify(result));
      assert.deepEqual(
        result.recipients.map(({ code }) => code),
        [250],
        JSON.stringify(result),
      );
      return await sink.next();
    },
    async [Symbol.asyncDispose]() {
      await sessions.needed.quit();
      await sessions.preferred.quit();
      await started.value.stop();
      await sink[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

async function session(port: number, chunking: "needed" | "preferred"): Promise<ClientSession> {
  const opened = await connectPlain(port, { chunking, chunkSize: 7000 });
  assert.ok(!("kind" in opened), JSON.stringify(opened));
  return opened;
}

const CONFIG = `
hostname = "mx.rook.example"
data_dir = "data"
postmaster = "bo@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[domain]]
name = "rook.example"
recipients = "any"
[[route]]
recipients = ["rook.example"]
deliver = { smtp = "127.0.0.1:{port}" }
`;
