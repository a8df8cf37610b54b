import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat } from "../../base/mod.ts";
import { createDeframer, frameMessage } from "./frame.ts";

test("createDeframer gives back every message wherever the stream is cut (RFC 7766 §8)", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 6 });
  fc.assert(
    fc.property(messages, fc.array(fc.nat(400), { maxLength: 40 }), (sent, cuts) => {
      const stream = concat([new Uint8Array(), ...sent.map(frameMessage)]);
      const deframer = createDeframer();
      const got: Uint8Array[] = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        got.push(...deframer.push(stream.subarray(at, at + cut)));
        at += cut;
      }
      assert.deepEqual(got, sent);
      assert.equal(deframer.held, 0);
    }),
  );
});

test("createDeframer works octet by octet and holds what is not whole", () => {
  const deframer = createDeframer();
  const stream = concat([frameMessage(Uint8Array.of(1, 2, 3)), frameMessage(new Uint8Array(300).fill(7))]);
  const got = [...stream].flatMap((octet) => deframer.push(Uint8Array.of(octet)));
  assert.deepEqual(got, [Uint8Array.of(1, 2, 3), new Uint8Array(300).fill(7)]);
  assert.deepEqual(deframer.push(Uint8Array.of(0, 5, 1)), []);
  assert.equal(deframer.held, 3);
});
