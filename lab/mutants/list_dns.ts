import { edit } from "./apply.ts";
import type { Mutant } from "./types.ts";

/** Bugs about DNS, DNSSEC, DANE and the choice of the host. */
export const DNS_MUTANTS: readonly Mutant[] = [
  {
    id: "tlsa-servfail-is-none",
    bug: "A failed look-up of TLSA reads as none",
    edits: [
      edit(
        "policy/sources/dane.ts",
        'if (answer.kind === "failure") return { kind: "failed", cause: answer.cause, detail: `${name}: ${answer.detail}` };',
        'if (answer.kind === "failure") continue;',
      ),
    ],
    kills: [
      ["D03", "P6"],
      ["D02", "P6"],
    ],
  },
  {
    id: "bogus-is-insecure",
    bug: "A signature that is wrong makes the answer an unsigned one",
    edits: [
      edit(
        "dns/resolve/validate.ts",
        'if (verdict.kind === "bogus") return failure("bogus", verdict.detail, about);\n  const { expires',
        'if (verdict.kind === "bogus") return { kind: "judged", security: "insecure", expires: context.now, proof: { ...about, verdict: "insecure", detail: verdict.detail } };\n  const { expires',
      ),
    ],
    kills: [["D05", "P6"]],
  },
  {
    id: "unsigned-is-insecure",
    bug: "Records without a signature count as unsigned although their zone is signed",
    edits: [
      edit(
        "dns/resolve/validate.ts",
        'return failure("bogus", `${about.subject} ${why}, and ${absoluteText(around.zone)} is signed`, {\n    ...about,\n    children: [around.proof],\n  });',
        "return unsigned(set, { expires: context.now, proof: around.proof }, context);",
      ),
    ],
    kills: [
      ["D08", "P6"],
      ["C10", "P6"],
      ["C01", "P6"],
    ],
  },
  {
    id: "denial-not-proved",
    bug: "An absence in a signed zone needs no proof",
    edits: [
      edit(
        "dns/resolve/negative.ts",
        'return failure("bogus", why, { ...about, children: [around.proof] });',
        "return unproved(asked, { message, sets, zone: { expires: context.now, proof: around.proof }, context });",
      ),
    ],
    kills: [
      ["D02", "P6"],
      ["C05", "P6"],
    ],
  },
  {
    id: "expired-signature-accepted",
    bug: "The dates of a signature do not matter",
    edits: [
      edit("dns/dnssec/signature.ts", "if (serialBefore(at, signature.inception)) return", "if (at < 0) return"),
      edit("dns/dnssec/signature.ts", "if (serialBefore(signature.expiration, at)) return", "if (at < 0) return"),
    ],
    kills: [
      ["D06", "P6"],
      ["D07", "P6"],
    ],
  },
  {
    id: "mx-servfail-is-none",
    bug: "A failed look-up of MX reads as no MX, so the domain is its own host",
    edits: [
      edit(
        "delivery/mx.ts",
        'return { kind: "retry", status: statusOf("dns-failure", `The MX look-up for ${domain} failed: ${answer.detail}`) };',
        'return { kind: "fail", status: statusOf("no-route", `No mail host of ${domain}: ${answer.detail}`) };',
      ),
    ],
    kills: [
      ["C04", "P1"],
      ["C04", "P5c"],
      ["C04", "P6"],
    ],
  },
  {
    id: "null-mx-believed",
    bug: "An unsigned null MX or NXDOMAIN returns the mail of a domain that somebody protects",
    edits: [
      edit(
        "delivery/plan_doubt.ts",
        "const why = protectedBy(about);",
        "const why = about.domain === says.text ? protectedBy(about) : undefined;",
      ),
    ],
    kills: [
      ["C06", "P5c"],
      ["C05", "P5c"],
      ["C06", "P3"],
    ],
  },
  {
    id: "self-is-a-host",
    bug: "An MX that leads back here is dialled",
    edits: [
      edit(
        "delivery/plan_mx.ts",
        'return addresses.kind === "addresses" && addresses.list.some((one) => isOwn(one, self.addresses));',
        'return addresses.kind === "absent" && self.addresses.some((one) => isOwn(one, []));',
      ),
      edit(
        "delivery/mx.ts",
        "const own = hosts.filter((host) => options.self.names.some((name) => name.toLowerCase() === host.name));",
        "const own: Candidate[] = [];",
      ),
    ],
    kills: [
      ["C08", "P1"],
      ["C08", "P5c"],
    ],
  },
  {
    id: "tlsa-for-unsigned-address",
    bug: "TLSA is asked for although the address is not signed",
    edits: [
      edit(
        "policy/sources/dane-bases.ts",
        'const signed = used.every((answer) => answer.security === "secure");',
        "const signed = used.length > 0;",
      ),
    ],
    kills: [["D10", "P6"]],
  },
  {
    id: "unusable-tlsa-is-none",
    bug: "TLSA records that cannot be used leave plaintext possible",
    edits: [
      edit(
        "policy/sources/dane-wish.ts",
        'level: "encrypt",\n        expectation: { kind: "encrypted" },',
        'level: "may",\n        expectation: { kind: "any" },',
      ),
    ],
    kills: [
      ["D13", "P6"],
      ["D16", "P6"],
    ],
  },
  {
    id: "agility-ignored",
    bug: "Any matching digest will do, also where a stronger one does not match",
    edits: [
      edit(
        "policy/sources/dane.ts",
        "records: agile(usable, options.digests), names",
        "records: agile(usable, options.digests).length > 0 ? usable : [], names",
      ),
    ],
    kills: [["D17", "P6"]],
  },
  {
    id: "dane-ta-name-not-checked",
    bug: "Below a trust anchor of TLSA any name will do",
    edits: [
      edit(
        "tls/path/identity.ts",
        "return presented.some((name) => references.some((reference) => matchesName(name, reference)));",
        "return presented.some((name) => references.some((reference) => matchesName(name, reference) || name !== reference));",
      ),
    ],
    kills: [["D14", "P6"]],
  },
  {
    id: "dane-ee-judged-by-ca",
    bug: "A certificate that TLSA names must be trusted by a CA as well",
    edits: [
      edit(
        "policy/fault.ts",
        "return verified.ok ? undefined : verified.error;",
        "return verified.ok ? (chainTrusted(seen) ? undefined : untrusted(`${seen.chainError}`)) : verified.error;",
      ),
    ],
    kills: [
      ["D15", "P6"],
      ["B03", "P6"],
    ],
  },
  {
    id: "tlsa-not-compared",
    bug: "That there are TLSA records is proof enough",
    edits: [
      edit(
        "policy/fault.ts",
        "return verified.ok ? undefined : verified.error;",
        "return verified.ok || seen.chain.length > 0 ? undefined : verified.error;",
      ),
    ],
    kills: [
      ["D01", "P6"],
      ["B05", "P6"],
      ["B01", "P6"],
    ],
  },
  {
    id: "local-mx-not-checked",
    bug: "The MX names that a local rule fixes do not matter",
    edits: [
      edit(
        "policy/names.ts",
        "return agreedNames(facts).every((patterns) => matchesOne(patterns, facts.host));",
        "return agreedNames(facts).every((patterns) => matchesOne(patterns, facts.host) || patterns.length > 0);",
      ),
    ],
    kills: [
      ["C01", "P3"],
      ["C02", "P3"],
    ],
  },
  {
    id: "nsec3-rounds-unbounded",
    bug: "However many rounds of NSEC3 a zone asks for, it merely counts as insecure",
    edits: [edit("dns/dnssec/limits.ts", "refusedIterations: 150,", "refusedIterations: 65_535,")],
    kills: [
      ["D21", "P6"],
      ["D21", "P7"],
    ],
  },
];
