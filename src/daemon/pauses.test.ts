import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { PauseChange, Pauses } from "./control_api.ts";
import { subscribe } from "../observe/mod.ts";
import { changeQuery, openPauses, readChange } from "./pauses.ts";

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-pauses-"));
  folders.push(folder);
  return folder;
}

const NOTHING: Pauses = { receiving: false, sending: false, destinations: [] };

test("pauses: what is named changes, the rest stays; an empty change means everything", () => {
  const table: readonly (readonly ["pause" | "resume", PauseChange, Pauses])[] = [
    ["pause", { sending: true }, { receiving: false, sending: true, destinations: [] }],
    ["pause", { receiving: true }, { receiving: true, sending: true, destinations: [] }],
    [
      "pause",
      { destinations: ["rook.example", "pine.example"] },
      { receiving: true, sending: true, destinations: ["pine.example", "rook.example"] },
    ],
    [
      "pause",
      { destinations: ["pine.example"] },
      { receiving: true, sending: true, destinations: ["pine.example", "rook.example"] },
    ],
    ["resume", { sending: true }, { receiving: true, sending: false, destinations: ["pine.example", "rook.example"] }],
    [
      "resume",
      { destinations: ["rook.example", "oak.example"] },
      { receiving: true, sending: false, destinations: ["pine.example"] },
    ],
    ["resume", {}, NOTHING],
    ["pause", {}, { receiving: true, sending: true, destinations: [] }],
  ];
  const folder = newFolder();
  const book = openPauses(folder);
  let told = 0;
  using _watch = book.watch(() => told++);
  for (const [word, change, expected] of table) {
    assert.deepEqual(book.change(word, change), expected);
    assert.deepEqual(book.now, expected);
    assert.deepEqual(openPauses(folder).now, expected, "read back");
  }
  assert.equal(told, table.length);
  assert.deepEqual(readdirSync(folder), ["paused.json"]);
});

test("pauses: told at the start when there are any, and after every change", () => {
  const folder = newFolder();
  const told: unknown[] = [];
  using _heard = subscribe("hopseal:paused", (event) => void told.push(event));
  const book = openPauses(folder);
  assert.deepEqual(told, []);
  book.change("pause", { destinations: ["rook.example"] });
  const again = openPauses(folder);
  again.drain();
  again.drain();
  const paused = { receiving: false, sending: false, destinations: ["rook.example"] };
  assert.deepEqual(told, [
    { ...paused, draining: false },
    { ...paused, draining: false },
    { ...paused, draining: true },
  ]);
});

test("pauses: a file that cannot be understood is never taken for nothing paused", () => {
  for (const text of [
    "",
    "{",
    "null",
    "[]",
    "{}",
    '{"version":2,"receiving":true,"sending":true,"destinations":[]}',
    '{"version":1,"receiving":true,"sending":true,"destinations":[1]}',
  ]) {
    const folder = newFolder();
    writeFileSync(join(folder, "paused.json"), text);
    assert.throws(
      () => openPauses(folder),
      { name: "StartFailure", message: /Cannot understand .*remove it to resume everything/ },
      text,
    );
  }
  assert.throws(() => openPauses(join(newFolder(), "paused.json\0")), { name: "StartFailure" });
});

test("pauses: what cannot be written changes nothing", () => {
  const folder = newFolder();
  const book = openPauses(folder);
  rmSync(folder, { recursive: true });
  assert.throws(() => book.change("pause", {}), /ENOENT/);
  assert.deepEqual(book.now, NOTHING);
});

test("changeQuery, readChange: one gives back the other; domains are compared as mail compares them", () => {
  for (const change of [{}, { receiving: true }, { sending: true, destinations: ["a.example", "b.example"] }]) {
    assert.deepEqual(readChange(changeQuery(change)), { ok: true, value: change });
  }
  assert.deepEqual(readChange(new URLSearchParams("destination=Pine.EXAMPLE")), {
    ok: true,
    value: { destinations: ["pine.example"] },
  });
  assert.deepEqual(readChange(new URLSearchParams("destination=no domain")), {
    ok: false,
    error: '"no domain" is no domain',
  });
});
