import type { PolicyId } from "../types.ts";

/** What must stand in the TLS report of the day about some cells of a row. The first rule that fits a cell counts. */
export interface AlertRule {
  /** Default all. */
  readonly columns?: readonly PolicyId[];
  /** By their names; default all. */
  readonly variants?: RegExp;
  /** Result types of RFC 8460 §4.3, sorted; none: no failure may be counted. */
  readonly results: readonly string[];
  /** Nobody here need be told either. */
  readonly quiet?: true;
  /** Why, where the catalogue says otherwise or nothing. */
  readonly because?: string;
}

const BECAUSE = {
  refused: "RFC 8460 §4.3.3: the host lists STARTTLS and refuses it, for which there is no category",
  handshake: "RFC 8460 §4.3.3: a handshake that fails has no category of its own",
  noHost: "RFC 8460 §4.3.2.1: this counts answers about TLSA; without MX or addresses there is no host and no session",
  demanded: "RFC 8689 §4.2.1: the message demands proof where the domain publishes none",
  encrypted: "RFC 7672 §2.2: records that cannot be used make TLS a must",
  notAsked: "RFC 8461 §5.1: a live policy whose record has not changed is not fetched",
  stripped: "RFC 8460 §4.3.1: STARTTLS is taken away in this row",
  waived: "RFC 8689 §4.2.2: what is waived is tried and counted all the same",
  unmatched: "RFC 8460 §4.3.1: that no TLSA record matches is none of the categories before validation-failure",
} as const;

/** By row. Rows without rules are reported as the catalogue says, in every column that sends reports. */
export const ALERTS: ReadonlyMap<string, readonly AlertRule[]> = new Map([
  ["A05", [counted("starttls-not-supported")]],
  ["A06", [counted("validation-failure", { because: BECAUSE.refused })]],
  [
    "A07",
    [
      none({ variants: /^421$/, because: "RFC 8460 §4.3.4: a host that closes before anything was said of TLS" }),
      counted("starttls-not-supported"),
    ],
  ],
  ["A10", [counted("validation-failure", { because: BECAUSE.handshake })]],
  ["A11", [counted("validation-failure", { because: BECAUSE.handshake })]],
  ["A12", [counted("validation-failure", { because: BECAUSE.handshake })]],
  ["A13", [counted("validation-failure", { because: BECAUSE.handshake })]],
  ["A14", [counted("validation-failure", { because: BECAUSE.handshake })]],
  ["B01", [unasked(), unmatched(), counted("certificate-not-trusted")]],
  ["B02", [unasked(), unmatched(), counted("certificate-host-mismatch")]],
  ["B03", [unasked(), pinned(), counted("certificate-expired")]],
  ["B04", [unasked(), pinned(), counted("certificate-not-trusted")]],
  ["B05", [unmatched(), unknown()]],
  ["B06", [unasked(), counted("certificate-host-mismatch")]],
  ["B07", [unasked(), counted("certificate-host-mismatch")]],
  ["B08", [unasked(), counted("certificate-not-trusted")]],
  ["B09", [unasked(), pinned(), counted("certificate-not-trusted")]],
  ["B11", [unasked(), pinned(), counted("certificate-not-trusted")]],
  ["C01", [unasked(), notNamed(), misplaced()]],
  ["C03", [unasked(), none({ columns: ["P6"], because: BECAUSE.noHost }), counted("certificate-host-mismatch")]],
  [
    "C05",
    [
      none({
        columns: ["P1", "P2"],
        variants: /^nodata/,
        quiet: true,
        because: "RFC 5321 §5.1: a domain without MX is its own host, and nothing shows that it is otherwise",
      }),
      { ...misplaced(), columns: ["P5t", "P5f", "P5c", "P7"], variants: /^nodata/ },
      none(),
    ],
  ],
  ["C07", [unasked(), notNamed(), misplaced()]],
  [
    "C09",
    [
      { ...misplaced(), columns: ["P5t", "P5f", "P5c", "P7"] },
      notNamed(["P3", "P4"]),
      counted("starttls-not-supported", { variants: /^stripped$/ }),
      none({
        quiet: true,
        because: "RFC 8460 §4.3.4: the first host was not reached, and the second publishes nothing",
      }),
    ],
  ],
  ["D01", [unmatched(["P6", "P7"])]],
  [
    "D04",
    [counted("certificate-not-trusted", { columns: ["P7"], variants: /^self-signed$/, because: BECAUSE.demanded })],
  ],
  ["D05", [counted("dnssec-invalid", { variants: /^tlsa$/ }), none({ because: BECAUSE.noHost })]],
  ["D06", [none({ because: BECAUSE.noHost })]],
  ["D08", [none({ because: BECAUSE.noHost })]],
  [
    "D12",
    [
      counted("certificate-host-mismatch", {
        columns: ["P7"],
        variants: /^at-the-insecure/,
        because: BECAUSE.demanded,
      }),
    ],
  ],
  ["D13", [counted("starttls-not-supported", { variants: /-stripped$/, because: BECAUSE.encrypted })]],
  [
    "D14",
    [
      unmatched(["P6", "P7"], /^anchor-not-sent$/),
      counted("certificate-host-mismatch", { variants: /^other-name$/ }),
      none({ quiet: true, because: "RFC 7672 §3.1.2: as it must be" }),
    ],
  ],
  ["D16", [counted("starttls-not-supported", { variants: /-stripped$/, because: BECAUSE.encrypted })]],
  ["D17", [unmatched(["P6", "P7"])]],
  [
    "D19",
    [none({ columns: ["P6"], quiet: true, because: "RFC 4035 §5.2: a zone of unknown algorithms is as unsigned" })],
  ],
  [
    "D21",
    [
      none({ variants: /^(?:few|more-than-is-believed)$/, quiet: true, because: "RFC 9276 §3.2: as an unsigned zone" }),
      counted("dnssec-invalid", { because: "RFC 8460 §4.3.2.1: no answer about TLSA could be believed" }),
    ],
  ],
  ["D22", [unmatched(["P6", "P7"])]],
  ["E01", [counted("starttls-not-supported")]],
  [
    "E02",
    [
      counted("starttls-not-supported", {
        columns: ["P5c"],
        variants: /^(?:reset|silence)$/,
        because: BECAUSE.notAsked,
      }),
      stripped("sts-policy-fetch-error"),
    ],
  ],
  ["E03", [stripped("sts-policy-fetch-error")]],
  ["E04", [stripped("sts-webpki-invalid")]],
  ["E05", [stripped("sts-policy-fetch-error")]],
  [
    "E06",
    [
      counted("starttls-not-supported", {
        variants: /^charset$/,
        because: "RFC 8461 §3.2: it is text/plain all the same",
      }),
      stripped("sts-policy-invalid"),
    ],
  ],
  [
    "E07",
    [
      counted("starttls-not-supported", {
        columns: ["P5c"],
        variants: /^slow$/,
        because: "RFC 8461 §3.3: the policy host has a minute, and the stored policy is in force meanwhile",
      }),
      stripped("sts-policy-fetch-error"),
    ],
  ],
  ["E08", [stripped("sts-policy-invalid")]],
  ["E09", [counted("starttls-not-supported", { because: BECAUSE.stripped })]],
  ["E10", [stripped("sts-policy-invalid")]],
  [
    "E11",
    [none({ columns: ["P5t", "P5f"], quiet: true, because: "RFC 8461 §5.1: the first policy takes no other's place" })],
  ],
  ["E12", [counted("starttls-not-supported", { because: BECAUSE.stripped })]],
  [
    "E13",
    [
      none({ variants: /^(?:a-label|capitals)$/, quiet: true, because: "RFC 8461 §4.1: the pattern fits the host" }),
      counted("certificate-host-mismatch", {
        variants: /^(?:address|end-of-a-name|not-the-domain-itself|one-label-alone)$/,
      }),
      // The stored policy stays in force, and it names another host.
      { columns: ["P5c"], results: ["certificate-host-mismatch", "sts-policy-invalid"] },
      counted("sts-policy-invalid"),
    ],
  ],
  ["E14", [counted("certificate-host-mismatch")]],
  [
    "E15",
    [
      counted("certificate-host-mismatch", { variants: /^other-name$/ }),
      counted("certificate-not-trusted", { variants: /^self-signed$/ }),
    ],
  ],
  ["E16", [counted("validation-failure", { because: BECAUSE.unmatched })]],
  [
    "E17",
    [
      counted("certificate-host-mismatch", { variants: /^other-name/ }),
      counted("certificate-not-trusted", { variants: /^untrusted/ }),
    ],
  ],
  ["E21", [counted("starttls-not-supported", { because: BECAUSE.stripped })]],
  [
    "E23",
    [
      counted("validation-failure", { variants: /^not-taken$/, because: BECAUSE.handshake }),
      counted("validation-failure", { columns: ["P6"], because: BECAUSE.unmatched }),
      // Each handshake is a session of its own.
      { results: ["certificate-not-trusted", "validation-failure"] },
    ],
  ],
  ["E24", [counted("starttls-not-supported", { because: BECAUSE.stripped })]],
  ["F01", [counted("starttls-not-supported", { because: BECAUSE.stripped })]],
  [
    "F05",
    [
      counted("validation-failure", { columns: ["P6"], variants: /^unproved$/, because: BECAUSE.waived }),
      counted("certificate-not-trusted", {
        columns: ["P5f", "P5c", "P7"],
        variants: /^unproved$/,
        because: BECAUSE.waived,
      }),
      none({ quiet: true, because: "RFC 8460 §4.1: nothing failed" }),
    ],
  ],
  ["F06", [unmatched(), counted("certificate-host-mismatch", { because: "RFC 8460 §4.3.1: the name is another's" })]],
  ["F07", [counted("starttls-not-supported", { because: BECAUSE.stripped })]],
  ["G03", [none({ variants: /-offered$/, quiet: true, because: "RFC 8460 §4.1: nothing failed" })]],
  ["G07", [counted("starttls-not-supported", { because: BECAUSE.stripped })]],
  ["M03", [unmatched()]],
]);

type Where = Pick<AlertRule, "columns" | "variants" | "because" | "quiet">;

function counted(result: string, where: Where = {}): AlertRule {
  return { results: [result], ...where };
}

function none(where: Where = {}): AlertRule {
  return { results: [], ...where };
}

/** Rows about the policy host take STARTTLS away too, so that it shows what is in force. */
function stripped(result: string): AlertRule {
  return { results: ["starttls-not-supported", result], because: BECAUSE.stripped };
}

/** Where nobody asks who the host is, TLS with anybody is a success. */
function unasked(): AlertRule {
  const because = "RFC 8460 §4.1: where nothing is published and nothing demanded, TLS with anybody is a success";
  return none({ columns: ["P1", "P2"], quiet: true, because });
}

/** DANE-EE asks for a key and for nothing else of the certificate. */
function pinned(): AlertRule {
  return none({ columns: ["P6"], quiet: true, because: "RFC 7672 §3.1.1: nothing is wrong with it" });
}

function unmatched(columns: readonly PolicyId[] = ["P6"], variants?: RegExp): AlertRule {
  return counted("validation-failure", {
    columns,
    ...(variants === undefined ? {} : { variants }),
    because: BECAUSE.unmatched,
  });
}

/** Nobody can tell. */
function unknown(): AlertRule {
  return none({ quiet: true });
}

/** A host that the domain's policy does not name. */
function misplaced(): AlertRule {
  const because = "RFC 8460 §4.3.1: a host that the policy does not name breaks a constraint of the policy";
  return counted("certificate-host-mismatch", { because });
}

/** A host that a rule of ours does not name, or that a signed answer does not. */
function notNamed(columns: readonly PolicyId[] = ["P3", "P4", "P6"]): AlertRule {
  return none({ columns, because: "RFC 8460 §4.1: sessions are counted, and there is none" });
}
