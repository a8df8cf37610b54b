import { edit } from "./apply.ts";
import type { Mutant } from "./types.ts";

/** Bugs of policy lists, and of what is told in reports and in the log. */
export const ALERT_MUTANTS: readonly Mutant[] = [
  {
    id: "older-list-taken",
    bug: "A list that is older than the one in force takes its place",
    edits: [
      edit("policy/sources/list-accept.ts", " || force || !isOlder(next, present)", " || force || next !== present"),
    ],
    kills: [["F02", "P4"]],
  },
  {
    id: "ended-list-not-told",
    bug: "Nobody is told that a list has ended",
    edits: [
      edit(
        "policy/io/list-tell.ts",
        "if (held === undefined || now < held.list.expires)",
        "if (held !== undefined || now > 0)",
      ),
    ],
    kills: [["F01", "P4"]],
  },
  {
    id: "name-told-as-untrusted",
    bug: "A certificate for another name is reported as one of a CA that nobody trusts",
    edits: [edit("policy/fault.ts", 'result: "certificate-host-mismatch"', 'result: "certificate-not-trusted"')],
    kills: [["B02", "P5c"]],
  },
  {
    id: "fetch-failure-not-told",
    bug: "A policy host that could not be reached is in no report",
    edits: [edit("tlsrpt/tally.ts", 'fetch: "sts-policy-fetch-error"', "fetch: undefined")],
    kills: [["E02", "P5f"]],
  },
];
