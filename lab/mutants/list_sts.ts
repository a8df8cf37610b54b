import { edit } from "./apply.ts";
import type { Mutant } from "./types.ts";

/** Bugs about MTA-STS and policy lists. */
export const STS_MUTANTS: readonly Mutant[] = [
  {
    id: "sts-at-alias-target",
    bug: "MTA-STS is looked up where the recipient domain's alias leads",
    edits: [
      edit(
        "delivery/plan_mx.ts",
        "const [found, sts] = await Promise.all([findCandidates(domain, options), askSts(domain, options)]);",
        'const found = await findCandidates(domain, options);\n  const sts = await askSts((found.kind === "candidates" ? (found.expanded ?? domain) : domain) as Domain, options);',
      ),
    ],
    kills: [
      ["C07", "P5c"],
      ["C07", "P5f"],
    ],
  },
  {
    id: "testing-enforced",
    bug: "A policy in testing holds mail back",
    edits: [
      edit(
        "policy/sources/sts-wish.ts",
        'const observed = sts.mode === "testing" || yielding || !binds(facts, "sts");',
        'const observed = yielding || !binds(facts, "sts");',
      ),
    ],
    kills: [
      ["A04", "P5t"],
      ["E15", "P5t"],
    ],
  },
  {
    id: "expired-policy-honoured",
    bug: "A policy whose max_age has ended goes on",
    edits: [
      edit(
        "policy/sources/sts.ts",
        "return stored?.policy !== undefined && now < stored.policy.expires ? stored.policy : undefined;",
        "return stored?.policy !== undefined && now > 0 ? stored.policy : undefined;",
      ),
      edit(
        "policy/precedence.ts",
        'if (sts?.kind !== "policy" || now < sts.expires) return sts;',
        'if (sts?.kind !== "policy" || now > 0) return sts;',
      ),
    ],
    kills: [["E03", "P5c"]],
  },
  {
    id: "failure-erases-policy",
    bug: "A fetch that fails takes the remembered policy away",
    edits: [
      edit(
        "policy/sources/sts.ts",
        "const store = live === undefined ? { failure } : { policy: live, failure };",
        "const store = { failure };",
      ),
      edit(
        "policy/sources/sts.ts",
        "return { facts: troubled(live, fetched.error, now), store,",
        "return { facts: troubled(undefined, fetched.error, now), store,",
      ),
    ],
    kills: [
      ["E02", "P5c"],
      ["E04", "P5c"],
      ["E05", "P5c"],
      ["E06", "P5c"],
      ["E08", "P5c"],
    ],
  },
  {
    id: "record-gone-policy-gone",
    bug: "Without a TXT record the remembered policy does not count",
    edits: [
      edit(
        "policy/sources/sts.ts",
        "return { facts: live === undefined ? record.without : factsOf(live, now), news: [] };",
        "return { facts: record.without, news: [] };",
      ),
    ],
    kills: [
      ["E01", "P5c"],
      ["E21", "P5c"],
    ],
  },
  {
    id: "store-not-read",
    bug: "Policies on disk are not read at the start",
    edits: [
      edit(
        "policy/io/sts-store.ts",
        'if (typeof entry !== "string") entries.set(entry.domain, entry);',
        'if (typeof entry !== "string") entries.delete(entry.domain);',
      ),
      edit(
        "policy/io/sts-store.ts",
        'return stamp === undefined ? "gone" : readEntry(directory, domain);',
        'return stamp === undefined || readEntry(directory, domain).domain === domain ? undefined : "gone";',
      ),
    ],
    kills: [
      ["E01", "P5c"],
      ["E02", "P5c"],
    ],
  },
  {
    id: "mx-pattern-not-checked",
    bug: "The patterns of a policy do not choose the host",
    edits: [
      edit(
        "policy/sources/published.ts",
        "if (!matchesOne(mx, facts.host)) {",
        "if (!matchesOne(mx, facts.host) && mx.length === 0) {",
      ),
    ],
    kills: [
      ["C01", "P5c"],
      ["C01", "P4"],
      ["E14", "P5c"],
    ],
  },
  {
    id: "pattern-against-certificate",
    bug: "A certificate that fits any pattern will do, whichever host shows it",
    edits: [
      edit(
        "policy/sources/published.ts",
        "if (!matchesOne(mx, facts.host)) {",
        "if (!matchesOne(mx, facts.host) && mx.length === 0) {",
      ),
      edit(
        "policy/sources/published.ts",
        'by: "webpki", names: [namePattern(name)] };',
        'by: "webpki", names: name === "" ? [namePattern(name)] : mx };',
      ),
    ],
    kills: [
      ["E14", "P5c"],
      ["E14", "P5f"],
    ],
  },
  {
    id: "sts-overrides-dane",
    bug: "An MTA-STS policy takes the place of TLSA records",
    edits: [
      edit(
        "policy/precedence.ts",
        "const { kind } = dane;",
        'if (facts.sts?.kind === "policy") return { kind: "absent", why: "MTA-STS comes first" };\n  const { kind } = dane;',
      ),
    ],
    kills: [
      ["E16", "P6"],
      ["E16", "P5c"],
    ],
  },
  {
    id: "sts-beside-dane",
    bug: "MTA-STS must hold too where TLSA records do",
    edits: [
      edit(
        "policy/precedence.ts",
        'return dane?.kind === "usable" && !isUnsigned(dane, facts) && binds(facts, "dane");',
        'return dane?.kind === "usable" && isUnsigned(dane, facts) && binds(facts, "dane");',
      ),
    ],
    kills: [
      ["E17", "P6"],
      ["E17", "P5c"],
    ],
  },
  {
    id: "content-type-ignored",
    bug: "A policy of any media type is taken",
    edits: [
      edit("policy/io/sts-http.ts", 'type: "text/plain", strict: true };', 'type: "text/plain", strict: false };'),
    ],
    kills: [["E06", "P5f"]],
  },
  {
    id: "redirect-taken",
    bug: "A redirect of the policy host is as good as a policy",
    edits: [
      edit("policy/io/sts-http.ts", "if (statusCode >= 300 && statusCode < 400)", "if (statusCode >= 600)"),
      edit("policy/io/sts-http.ts", "if (statusCode !== 200) return {", "if (statusCode >= 400) return {"),
    ],
    kills: [["E05", "P5f"]],
  },
  {
    id: "lax-max-age",
    bug: "A max_age that is no number of seconds is read as far as it goes",
    edits: [
      edit("policy/sources/sts-policy.ts", "const AGE = /^[0-9]{1,10}$/;", "const AGE = /^-?[0-9]{1,11}[a-z0-9]*$/;"),
      edit(
        "policy/sources/sts-policy.ts",
        "maxAge: Math.min(Number(age), LONGEST_AGE) * 1000,",
        "maxAge: Math.min(Math.abs(Number.parseInt(age, 10)), LONGEST_AGE) * 1000,",
      ),
    ],
    kills: [["E10", "P5f"]],
  },
  {
    id: "policy-host-not-verified",
    bug: "The policy host need not prove its name",
    edits: [
      edit(
        "policy/io/sts-fetch.ts",
        "if (fault !== undefined) {\n    socket.on",
        "if (fault === host) {\n    socket.on",
      ),
    ],
    kills: [["E04", "P5f"]],
  },
  {
    id: "several-records-taken",
    bug: "Of several TXT records the first counts",
    edits: [
      edit("policy/sources/sts-record.ts", "if (second !== undefined) return err(", "if (second === only) return err("),
    ],
    kills: [["E09", "P5f"]],
  },
  {
    id: "lax-policy-grammar",
    bug: "A policy without a version or with odd lines is read all the same",
    edits: [
      edit(
        "policy/sources/sts-policy.ts",
        'if (said.get("version") !== "STSv1") return',
        'if (said.get("version") === "STSv2") return',
      ),
      edit(
        "policy/sources/sts-policy.ts",
        "if (field === undefined) return err(`${JSON.stringify(line.slice(0, QUOTED))} is no line of a policy`);",
        "if (field === undefined) continue;",
      ),
    ],
    kills: [["E08", "P5f"]],
  },
  {
    id: "policies-in-memory-alone",
    bug: "A fetched policy is never written down, so that a restart loses it",
    edits: [edit("policy/io/sts-store.ts", "if (!readOnly) await write(directory, entry);", "")],
    kills: [["E21", "P5f"]],
  },
  {
    id: "clock-jump-believed",
    bug: "A clock that is pushed forward ends every remembered policy",
    edits: [
      edit(
        "policy/io/sts-age.ts",
        "return Math.abs(expires - policy.expires) > MOST_DRIFT ? { ...policy, expires } : policy;",
        "return Math.abs(expires - policy.expires) > MOST_DRIFT && expires < 0 ? { ...policy, expires } : policy;",
      ),
    ],
    kills: [["E24", "P5c"]],
  },
  {
    id: "list-fails-open",
    bug: "A list that has ended asks for nothing",
    edits: [
      edit(
        "policy/sources/list.ts",
        'if (list?.kind !== "policy") return silent();',
        'if (list?.kind !== "policy" || facts.now >= list.expires) return silent();',
      ),
    ],
    kills: [["F01", "P4"]],
  },
  {
    id: "lists-forget-relays",
    bug: "A list says nothing of the relay that mail goes by",
    edits: [edit("delivery/plan_fixed.ts", "{ ...sts, ...list, ...dane }", "{ ...sts, ...dane }")],
    kills: [["C11", "P4"]],
  },
  {
    id: "policy-host-anywhere",
    bug: "A policy host may stand at any address, ours too",
    edits: [
      edit(
        "policy/io/sts-fetch.ts",
        "return isIP(address) !== 0 && (isPublicAddress(address) || permitted?.(unmapped(address)) === true);",
        'return isIP(address) !== 0 && (isPublicAddress(address) || unmapped(address).startsWith("127."));',
      ),
    ],
    kills: [["E19"]],
  },
  {
    id: "policy-of-the-parent",
    bug: "A subdomain inherits the policy of its parent",
    edits: [
      edit(
        "delivery/facts.ts",
        "const sts = await options.sources.sts(domain,",
        'const sts = await options.sources.sts((domain.startsWith("sub.") ? domain.slice(4) : domain) as Domain,',
      ),
    ],
    kills: [["E18"]],
  },
];
