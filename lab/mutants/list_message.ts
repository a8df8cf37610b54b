import { edit } from "./apply.ts";
import type { Mutant } from "./types.ts";

/** Bugs about what a message asks for, and about notices. */
export const MESSAGE_MUTANTS: readonly Mutant[] = [
  {
    id: "requiretls-not-needed",
    bug: "A host that does not promise REQUIRETLS gets the message all the same",
    edits: [
      edit(
        "policy/admit.ts",
        '(judged.kind !== "tls" || !ehlo.requireTls)) {',
        '(judged.kind !== "tls" && !ehlo.requireTls)) {',
      ),
      edit(
        "smtp/io/client.ts",
        'const requireTls = needed ? "needed" : "wanted";',
        'const requireTls = needed && admitted(decision) ? "needed" : "wanted";',
      ),
      edit(
        "smtp/io/client.ts",
        "/** Runs `work`; an abort",
        "const admitted = ({ level }: Proceed): boolean => level === undefined;\n\n/** Runs `work`; an abort",
      ),
    ],
    kills: [["G01", "P7"]],
  },
  {
    id: "requiretls-any-mx",
    bug: "REQUIRETLS is content with an MX answer that nobody vouches for",
    edits: [
      edit(
        "policy/secure.ts",
        'if (host.learnt !== "mx" || host.mxSecurity === "secure") return undefined;',
        'if (host.learnt !== "mx" || host.mxSecurity === "secure" || ask.source === "requiretls") return undefined;',
      ),
    ],
    kills: [
      ["D11", "P7"],
      ["D09", "P7"],
      ["D04", "P7"],
    ],
  },
  {
    id: "requiretls-only-waits",
    bug: "A message with REQUIRETLS that no host may have waits instead of coming back",
    edits: [
      edit(
        "policy/conclude.ts",
        'if (!demand.propagate || grade !== "enforce" || !hosts.every(excluded)) {',
        'if (!demand.propagate || grade !== "enforce" || hosts.length > 0) {',
      ),
    ],
    kills: [
      ["A04", "P7"],
      ["B01", "P7"],
    ],
  },
  {
    id: "requiretls-fails-on-dns",
    bug: "A message with REQUIRETLS comes back although DNS only did not answer",
    edits: [
      edit(
        "policy/conclude.ts",
        '(why === "decision" && status.cause !== "dns-failure");',
        '(why === "decision" && status.code > 0);',
      ),
    ],
    kills: [
      ["D03", "P7"],
      ["D05", "P7"],
    ],
  },
  {
    id: "waiver-lowers-local",
    bug: "TLS-Required: No switches a local rule off",
    edits: [
      edit("policy/wish.ts", 'new Set(["dane", "mta-sts", "list"]);', 'new Set(["dane", "mta-sts", "list", "local"]);'),
    ],
    kills: [["G07", "P3"]],
  },
  {
    id: "waiver-ignored",
    bug: "TLS-Required: No has no effect",
    edits: [
      edit(
        "policy/wish.ts",
        "const waived = demand.tlsOptional === true && !demand.propagate;",
        "const waived = demand.tlsOptional === true && demand.propagate;",
      ),
    ],
    kills: [
      ["G07", "P5c"],
      ["G07", "P6"],
    ],
  },
  {
    id: "requiretls-lost-at-alias",
    bug: "What an alias forwards is sent without the REQUIRETLS of its original",
    edits: [
      edit(
        "receive/queue.ts",
        "demand: whole.demand,\n    origin: options.origin,\n    content",
        'demand: copy.deliveredTo === undefined ? whole.demand : { level: "may", propagate: false, because: [] },\n    origin: options.origin,\n    content',
      ),
    ],
    kills: [["G03", "P7"]],
  },
  {
    id: "bounce-leaks-body",
    bug: "A notice about a message with REQUIRETLS returns all of it",
    edits: [
      edit(
        "dsn/protect.ts",
        'return demand.propagate || demand.level !== "may";',
        'return demand.propagate && demand.level === "may";',
      ),
      edit(
        "dsn/returned.ts",
        'const whole = kind === "failure" && original.dsn.ret === "full" ?',
        'const whole = kind === "failure" ?',
      ),
    ],
    kills: [
      ["A04", "P7"],
      ["B01", "P7"],
    ],
  },
];
