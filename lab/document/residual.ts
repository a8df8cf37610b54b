/** What no policy of transport stops: the rows in which even an enforcing column gives the message away, or must. */
export interface Residual {
  readonly rows: readonly string[];
  readonly what: string;
  readonly left: string;
}

export const RESIDUAL: readonly Residual[] = [
  {
    rows: ["A02"],
    what: "Metadata",
    left: "Who writes to which domain, when and how much, can be seen on the wire whatever the policy.",
  },
  {
    rows: ["A03"],
    what: "Recorded traffic",
    left: "What is recorded today may be read by whoever gets the keys of the session tomorrow. Keys that are forgotten at once help; new mathematics may not be helped against.",
  },
  {
    rows: ["B10", "D23"],
    what: "Stolen keys",
    left: "Whoever has the host's key is the host, until certificate and TLSA record name another.",
  },
  {
    rows: ["C02"],
    what: "A weak host inside a wide pattern",
    left: "A policy that allows *.domain allows every host that anybody has under it. Name the hosts.",
  },
  {
    rows: ["C09"],
    what: "One MX host without TLSA records",
    left: "DANE is decided for each host. An attacker cuts off the protected ones until the unprotected one is all that is left.",
  },
  {
    rows: ["D09"],
    what: "The registrar",
    left: "Whoever can take the DS record away switches DANE off with a valid proof. A remembered MTA-STS policy still holds.",
  },
  {
    rows: ["D11"],
    what: "An unsigned recipient domain",
    left: "DANE at the provider's host proves that host. That the domain meant it, an unsigned MX answer cannot prove.",
  },
  {
    rows: ["D13", "D16"],
    what: "TLSA records that nobody can use",
    left: "They make TLS a must and prove nobody, so whoever ends TLS himself reads along.",
  },
  {
    rows: ["E01", "E02", "E03", "E04", "E05", "E06", "E07", "E08", "E09", "E10", "E13", "E21", "E24"],
    what: "The first contact of MTA-STS",
    left: "Before a policy was ever fetched, keeping it away is enough; so it is when one is kept away until its end. Signed lists and DANE close this gap.",
  },
  {
    rows: ["E11", "E12", "E20"],
    what: "The policy host",
    left: "Whoever holds it, its name or a certificate for it writes the policy. DANE does not depend on it.",
  },
  {
    rows: ["B05", "M03"],
    what: "A CA that errs, or a gateway that the sender trusts",
    left: "Everything that rests on certificates of CAs rests on all of them. DANE alone does not.",
  },
  {
    rows: ["F04"],
    what: "A local rule that checks the wrong name",
    left: "Where a rule takes the name to check from an unsigned MX answer, a certificate that fits it proves the forger. Hopseal has no such level; a rule names its hosts, or they are signed.",
  },
  {
    rows: ["G02", "G04", "J14", "M01"],
    what: "Relays and lists that read, alter or send anew",
    left: "Every hop has the message in clear inside. REQUIRETLS is a promise among hops, and one of them may lie.",
  },
  {
    rows: ["G07"],
    what: "A sender who prefers delivery",
    left: "TLS-Required: No does what it says, also when somebody else wrote it into the message. Local rules stand; policy.tls_required_no says whose field counts.",
  },
  {
    rows: ["G09"],
    what: "The mailbox and the last leg",
    left: "What is kept or fetched in clear was protected in vain.",
  },
  {
    rows: ["H01"],
    what: "Silence",
    left: "Where the record for reports is stripped, nobody is told. Logs and metrics here do not depend on it.",
  },
  { rows: ["J13"], what: "DKIM replay", left: "A signed message may be sent again, by anybody, to anybody." },
];
