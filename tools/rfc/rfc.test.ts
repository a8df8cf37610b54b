import assert from "node:assert/strict";
import { test } from "node:test";
import { citations } from "./citations.ts";
import { outline, titleOf } from "./outline.ts";

const PLAIN = `Network Working Group                                       A. Writer
    Request for Comments: 9999                               January 2026


                       A Protocol for
                        Testing Tools

    Status of This Memo

       Words.

    1.  Introduction

   You MUST, and MUST NOT, and SHALL; "MUST" is a word.

Writer                      Standards Track                     [Page 1]
\f
RFC 9999                     Testing Tools                  January 2026

Table of Contents

1.  Introduction . . . . . . . . . . . . . . . . . . . . . . . . . 1
2.  Body ......................................................... 2

2.  A Body With a Long Title That Goes On in the
    Next Line

   1.  An item of a list, which is REQUIRED.
   2.  Another.

2.1.  Below

5.  Not the next section

2.1.1  Without a final dot

   It MUST be seen.

3.  The End

Appendix A.  More
A.1.  Below More
Appendix B: Yet More
`;

test("outline: sections, titles and requirements of a plain text", () => {
  assert.deepEqual(outline(PLAIN), [
    { section: "1", title: "Introduction", musts: 3 },
    { section: "2", title: "A Body With a Long Title That Goes On in the Next Line", musts: 1 },
    { section: "2.1", title: "Below", musts: 0 },
    { section: "2.1.1", title: "Without a final dot", musts: 1 },
    { section: "3", title: "The End", musts: 0 },
    { section: "A", title: "More", musts: 0 },
    { section: "A.1", title: "Below More", musts: 0 },
    { section: "B", title: "Yet More", musts: 0 },
  ]);
  assert.equal(titleOf(PLAIN), "A Protocol for Testing Tools");
});

test("outline: headings of a marked-up text count alone", () => {
  const text =
    "# RFC 9999\n\n# The Title\n## Abstract\n\n## 1.\u00a0Introduction\n2.  an item\n### 1.1.  Below\n[MUST]\n## Appendix A. More\n";
  assert.deepEqual(outline(text), [
    { section: "1", title: "Introduction", musts: 0 },
    { section: "1.1", title: "Below", musts: 1 },
    { section: "A", title: "More", musts: 0 },
  ]);
  assert.equal(titleOf(text), "The Title");
});

test("citations: the one form, lists of it, whole RFCs, and the forms that are refused", () => {
  const text = [
    "// RFC 5321 §4.1.1.4",
    "/** Two (RFC 6531 §3.7.4, §3.5; RFC 3848), RFC 4034 Appendix B.1. */",
    "// RFC 8689 §4.2.1 and §5, which RFC 3207 §4 knows not",
    "// RFC 5321 section 4.1, RFC5321 §4, RFC 5321, §4",
  ].join("\n");
  const { found, odd } = citations(text);
  assert.deepEqual(
    found.map(({ rfc, section, line }) => `${line}: ${rfc} ${section ?? "-"}`),
    [
      "1: 5321 4.1.1.4",
      "2: 6531 3.7.4",
      "2: 6531 3.5",
      "2: 3848 -",
      "2: 4034 B.1",
      "3: 8689 4.2.1",
      "3: 8689 5",
      "3: 3207 4",
      "4: 5321 -",
      "4: 5321 -",
    ],
  );
  assert.deepEqual(
    odd.map(({ text, line }) => `${line}: ${text}`),
    ["4: RFC 5321 section", "4: RFC5321", "4: RFC 5321"],
  );
});
