import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSendmailOptions, type SendmailOptions } from "./sendmail_options.ts";

test("parseSendmailOptions: the command lines that programs use", () => {
  const none: SendmailOptions = { mode: "deliver", fromHeader: false, dotEnds: true, recipients: [] };
  const table: readonly [line: string, expected: SendmailOptions | string][] = [
    ["", none],
    ["ann@rook.example bo", { ...none, recipients: ["ann@rook.example", "bo"] }],
    ["-t -i", { ...none, fromHeader: true, dotEnds: false }],
    ["-ti", { ...none, fromHeader: true, dotEnds: false }],
    ["-oi -t", { ...none, fromHeader: true, dotEnds: false }],
    ["-oem -odb -oQ/tmp ann", { ...none, recipients: ["ann"] }],
    ["-f bo@pine.example ann", { ...none, from: "bo@pine.example", recipients: ["ann"] }],
    ["-fbo@pine.example -- -odd", { ...none, from: "bo@pine.example", recipients: ["-odd"] }],
    ["-r <> ann", { ...none, from: "<>", recipients: ["ann"] }],
    [
      "-FAnn -tifbo@pine.example",
      { ...none, fullName: "Ann", fromHeader: true, dotEnds: false, from: "bo@pine.example" },
    ],
    [
      "-N success,DELAY -R hdrs -V id1 ann",
      { ...none, notify: ["success", "delay"], ret: "hdrs", envid: "id1", recipients: ["ann"] },
    ],
    ["-Nnever ann", { ...none, notify: "never", recipients: ["ann"] }],
    [
      "-bm -B8BITMIME -h 5 -v -x -m -n -s -c -U -G -X /log -O x=y -L tag -p esmtp ann",
      { ...none, recipients: ["ann"] },
    ],
    ["-bp", { ...none, mode: "list" }],
    ["-bi", { ...none, mode: "nothing" }],
    ["-I", { ...none, mode: "nothing" }],
    ["-q", { ...none, mode: "flush" }],
    ["-qRpine.example", { ...none, mode: "flush", site: "pine.example" }],
    ["-C hopseal.toml ann", { ...none, config: "hopseal.toml", recipients: ["ann"] }],
    ["-", { ...none, recipients: ["-"] }],
    ["-q30m", "-q with a time starts a daemon; use hopseal run"],
    ["-qIabc", "-qIabc is not known here; use hopseal queue"],
    ["-bd", "-bd is not known here; hopseal run is the daemon"],
    ["-N sometimes", "-N takes never, or some of success, failure, delay with commas between"],
    ["-N never,success", "-N takes never, or some of success, failure, delay with commas between"],
    ["-R all", "-R takes full or hdrs"],
    ["-f", "-f needs a value"],
    ["-Z", "-Z is no option of sendmail that is known here"],
  ];
  const found = table.map(([line]) => {
    const result = parseSendmailOptions(line === "" ? [] : line.split(" "));
    return [line, result.ok ? result.value : result.error];
  });
  assert.deepEqual(found, table);
});

test("parseSendmailOptions: any words give options or a sentence", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      const result = parseSendmailOptions(words);
      assert.ok(result.ok || result.error.length > 0);
    }),
  );
});
