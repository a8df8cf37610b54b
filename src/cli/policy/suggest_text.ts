import type { Suggestion } from "../../policy/mod.ts";

/** Entries for the configuration, with what speaks for each as comments; then the destinations without one. */
export function suggestText(suggestions: readonly Suggestion[], since: string): readonly string[] {
  if (suggestions.length === 0) return [`# Since ${since} no session with a mail host was counted`];
  const entries = suggestions.flatMap((one) => (one.kind === "none" ? [] : [one]));
  const rest = suggestions.flatMap((one) => (one.kind === "none" ? [one] : []));
  return [
    `# From sessions since ${since}. Nothing was changed; copy what you want to hold destinations to.`,
    ...entries.flatMap(entryText),
    ...(rest.length === 0 ? [] : ["", "# No entry for:"]),
    ...rest.map(({ domain, why }) => `#   ${shown(domain)}: ${why}`),
  ];
}

function entryText({ kind, domain, sessions, days, first, last, hosts }: Suggestion): readonly string[] {
  const secure = kind === "secure";
  return [
    "",
    `# ${shown(domain)}: ${sessions} sessions on ${days} days, ${first} to ${last}, ${secure ? "each with a trusted certificate for the host" : "each with TLS, not each with a trusted certificate"}`,
    ...hosts.map(
      ({ host, sessions: own, names }) =>
        `#   ${shown(host)}: ${own}${names.length === 0 ? "" : `, certificates for ${names.map(shown).join(", ")}`}`,
    ),
    ...(secure
      ? ["# DNS named these hosts, signed or not; compare them with what the destination says of itself."]
      : []),
    secure
      ? "# Mail would wait when DNS names another host, or a host shows no trusted certificate for its name (expired, changed CA, wrong name)."
      : "# Mail would wait when a host offers no TLS.",
    "# Of what was seen, nothing would have waited.",
    "[[tls_policy]]",
    `destination = ${JSON.stringify(domain)}`,
    `level = "${kind}"`,
    ...(secure ? [`mx = [${hosts.map(({ host }) => JSON.stringify(host)).join(", ")}]`] : []),
  ];
}

/** Certificates and DNS are written by strangers. */
function shown(name: string): string {
  return name.replace(UNSEEN, "?");
}

const UNSEEN = /[^\x21-\x7e]/g;
