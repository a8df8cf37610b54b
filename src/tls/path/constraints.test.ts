import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mint, type MintOptions } from "../../../test/support/mint.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { constraintsFault, isSelfIssued } from "./constraints.ts";
import { processorTime } from "../../../test/support/processor.ts";

const NO = "a CA may not issue for its name";
const OTHER = "a CA may issue for other names only";

function parsed(options: MintOptions): Certificate {
  const certificate = parseCertificate(mint(options).der);
  assert.ok(certificate.ok, certificate.ok ? "" : certificate.error);
  return certificate.value;
}

/** What a CA with these constraints makes of a leaf with these names. */
function verdict(
  ca: MintOptions,
  names: readonly string[] | undefined,
  subject: MintOptions["subject"] = [],
): string | undefined {
  const leaf = parsed({ issuer: mint({ subject: "CA" }), subject, ...(names === undefined ? {} : { names }) });
  return constraintsFault([leaf, parsed({ subject: "CA", ca: true, ...ca })]);
}

test("constraintsFault: dNSNames lie in a domain or below it (RFC 5280 §4.2.1.10)", () => {
  const table: readonly [constraint: string, name: string, covered: boolean][] = [
    ["pine.example", "pine.example", true],
    ["pine.example", "mx.pine.example", true],
    ["pine.example", "a.mx.PINE.example", true],
    ["Pine.Example", "mx.pine.example", true],
    ["pine.example", "spine.example", false],
    ["pine.example", "example", false],
    ["pine.example", "pine.example.rook.example", false],
    [".pine.example", "mx.pine.example", true],
    [".pine.example", "pine.example", false],
    ["", "mx.pine.example", true],
    ["pine.example", "*.pine.example", true],
    ["pine.example", "*.mx.pine.example", true],
  ];
  for (const [constraint, name, covered] of table) {
    assert.equal(verdict({ permitted: [constraint] }, [name]), covered ? undefined : OTHER, `${constraint} ${name}`);
    assert.equal(verdict({ excluded: [constraint] }, [name]), covered ? NO : undefined, `${constraint} ${name}`);
  }
});

test("constraintsFault: a wildcard may stand for an excluded name, and is not permitted where only some are", () => {
  for (const constraint of ["mx.pine.example", ".mx.pine.example", "a.b.pine.example"]) {
    assert.equal(verdict({ excluded: [constraint] }, ["*.pine.example"]), NO, constraint);
    assert.equal(verdict({ permitted: [constraint] }, ["*.pine.example"]), OTHER, constraint);
  }
  assert.equal(verdict({ excluded: ["mx.rook.example"] }, ["*.pine.example"]), undefined);
});

test("constraintsFault: what cannot be judged is neither permitted nor free of exclusion", () => {
  const odd: readonly [constraint: string, name: string][] = [
    ["pine.example", "mx..pine.example"],
    ["pine.example", "m x.pine.example"],
    ["pine.example", "192.0.2.1"],
    ["pine.example", "m*.pine.example"],
    ["*.pine.example", "mx.pine.example"],
    ["..pine.example", "mx.pine.example"],
    ["email:pine.example", "email:bo@pine.example"],
    ["uri:pine.example", "uri:http://mx.pine.example"],
    ["ip:c0000200ff00ff00", "ip:c0000201"],
    ["ip:c00002", "ip:c0000201"],
    ["ip:c0000200", "ip:c0000201"],
    ["ip:c0000200ffffff00", "ip:c00002"],
  ];
  for (const [constraint, name] of odd) {
    assert.equal(verdict({ permitted: [constraint] }, [name]), OTHER, `${constraint} ${name}`);
    assert.equal(verdict({ excluded: [constraint] }, [name]), NO, `${constraint} ${name}`);
  }
  // another kind of name is none of their business
  assert.equal(
    verdict({ permitted: ["uri:x"], excluded: ["email:x", "dir:x"] }, ["mx.pine.example", "ip:c0000201"]),
    undefined,
  );
  const registered: MintOptions["more"] = [["551d11", false, Uint8Array.from([0x30, 3, 0x88, 1, 0x2a])]];
  const leaf = parsed({ issuer: mint({ subject: "CA" }), subject: [], more: registered });
  assert.equal(constraintsFault([leaf, parsed({ subject: "CA", ca: true, permitted: ["uri:x"] })]), undefined);
});

test("constraintsFault: addresses lie in a network of their own family", () => {
  const six = (tail: string): string => `20010db8${tail.padStart(24, "0")}`;
  const net = `ip:${six("")}ffffffff${"0".repeat(24)}`;
  const table: readonly [constraint: string, name: string, covered: boolean][] = [
    ["ip:c0000200ffffff00", "ip:c0000201", true],
    ["ip:c0000200ffffff00", "ip:c0000301", false],
    ["ip:c0000201ffffffff", "ip:c0000201", true],
    ["ip:c0000201ffffffff", "ip:c0000202", false],
    ["ip:c0000280ffffff80", "ip:c0000281", true],
    ["ip:c0000280ffffff80", "ip:c0000201", false],
    ["ip:0000000000000000", "ip:c0000201", true],
    [net, `ip:${six("1")}`, true],
    [net, `ip:${"f".repeat(32)}`, false],
    [net, "ip:20010db8", false],
    ["ip:20010db8ffffffff", `ip:${six("1")}`, false],
  ];
  for (const [constraint, name, covered] of table) {
    assert.equal(verdict({ permitted: [constraint] }, [name]), covered ? undefined : OTHER, `${constraint} ${name}`);
    assert.equal(verdict({ excluded: [constraint] }, [name]), covered ? NO : undefined, `${constraint} ${name}`);
  }
});

test("constraintsFault: subjects, directory names and the addresses in subjects", () => {
  assert.equal(verdict({ permitted: ["dir:Pine"] }, [], "pine"), undefined);
  assert.equal(verdict({ permitted: ["dir:Pine"] }, [], "Rook"), OTHER);
  assert.equal(verdict({ permitted: ["dir:Pine"] }, [], []), undefined);
  assert.equal(verdict({ excluded: ["dir:Pine"] }, ["dir:Pine"]), NO);
  assert.equal(verdict({ excluded: ["email:x"] }, [], [["2a864886f70d010901", "bo@pine.example"]]), NO);
});

test("constraintsFault: a common name is a host name where there is no dNSName, and only if it looks like one", () => {
  assert.equal(verdict({ permitted: ["rook.example"] }, undefined, "mx.pine.example"), OTHER);
  assert.equal(verdict({ permitted: ["rook.example"] }, ["mx.rook.example"], "mx.pine.example"), undefined);
  assert.equal(verdict({ permitted: ["rook.example"] }, undefined, "Pine Mail Company"), undefined);
  assert.equal(verdict({ permitted: ["rook.example"] }, undefined, "localhost"), undefined);
});

test("constraintsFault: all CAs bind all below them, but for self-issued ones between (RFC 5280 §6.1.4)", () => {
  const top = parsed({ subject: "Top", ca: true, permitted: ["pine.example"] });
  const again = parsed({ subject: "Top", issuer: mint({ subject: "Top" }), ca: true, names: ["rook.example"] });
  const middle = parsed({ subject: "Middle", issuer: mint({ subject: "Top" }), ca: true, names: ["rook.example"] });
  const fine = parsed({ issuer: mint({ subject: "Middle" }), names: ["mx.pine.example"] });
  const wrong = parsed({ issuer: mint({ subject: "Middle" }), names: ["mx.rook.example"] });
  const selfIssued = parsed({ subject: "Top", issuer: mint({ subject: "Top" }), names: ["mx.rook.example"] });
  assert.equal(constraintsFault([fine, again, top]), undefined);
  assert.equal(constraintsFault([wrong, again, top]), OTHER);
  assert.equal(constraintsFault([fine, middle, top]), OTHER);
  assert.equal(constraintsFault([selfIssued, top]), OTHER);
  assert.equal(constraintsFault([fine]), undefined);
  assert.deepEqual([top, again, middle].map(isSelfIssued), [true, true, false]);
});

test("constraintsFault: thousands of names under thousands of constraints are refused at once, not compared", () => {
  const many = (count: number, suffix: string): string[] =>
    Array.from({ length: count }, (_, at) => `h${at}.${suffix}`);
  const began = processorTime();
  assert.equal(
    verdict({ excluded: many(1000, "rook.example") }, many(1000, "pine.example")),
    "there are too many name constraints to judge",
  );
  assert.ok(processorTime() - began < 2000);
  assert.equal(verdict({ excluded: many(100, "rook.example") }, many(100, "pine.example")), undefined);
});

test("constraintsFault: a permitted domain that is excluded too is excluded, and so is every name below it", () => {
  const label = fc.stringMatching(/^[a-z]{1,5}$/);
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), fc.nat(3), (labels, cut) => {
      const name = labels.join(".");
      const constraint = labels.slice(Math.min(cut, labels.length - 1)).join(".");
      assert.equal(verdict({ permitted: [constraint] }, [name]), undefined);
      assert.equal(verdict({ permitted: [constraint], excluded: [constraint] }, [name]), NO);
      assert.equal(verdict({ permitted: [`x-${constraint}`] }, [name]), OTHER);
    }),
    { numRuns: 50 },
  );
});
