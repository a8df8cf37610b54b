import { parseConfig, parseNetwork } from "../../src/config/mod.ts";
import { netstringDecoder } from "../../src/policy/postfix/netstring.ts";
import { parseNextHop } from "../../src/policy/postfix/next-hop.ts";
import { parseRequest } from "../../src/policy/postfix/socketmap.ts";
import { dearmor } from "../../src/policy/sources/list-armor.ts";
import { parseListFile } from "../../src/policy/sources/list-file.ts";
import { parseStsPolicy } from "../../src/policy/sources/sts-policy.ts";
import { selectStsRecord } from "../../src/policy/sources/sts-record.ts";
import { decodeEnvelope, decodeRecipients } from "../../src/queue/stored.ts";
import { decodeBase64 } from "../../src/sasl/mod.ts";
import { parseClientList } from "../../src/receive/mod.ts";
import { parseSendmailOptions } from "../../src/submission/mod.ts";
import { parseTallyKey } from "../../src/tlsrpt/key.ts";
import { selectTlsRptRecord } from "../../src/tlsrpt/record.ts";
import type { Target } from "./fuzz.ts";
import { latin1, text } from "./seeds.ts";

/** Policies, records, configuration, and what the queue reads back from its disk. */
export const TEXT_TARGETS: readonly Target[] = [
  {
    name: "MTA-STS record",
    files: ["sources/sts-record.ts"],
    seeds: ["v=STSv1; id=20300101T000000;", "v=STSv1;id=1\nv=STSv1; id=2", "v=spf1 -all", "v=STSv1 ; id=a ; x=y;"],
    words: ["v=STSv1", "id=", ";", " ", "\n"],
    read: (octets) => selectStsRecord(latin1(octets).split("\n")),
  },
  {
    name: "MTA-STS policy",
    files: ["sources/sts-policy.ts", "policy/pattern.ts"],
    seeds: [
      "version: STSv1\r\nmode: enforce\r\nmx: mx.a.example\r\nmx: *.a.example\r\nmax_age: 86400\r\n",
      "version: STSv1\nmode: none\nmax_age: 0",
    ],
    words: ["version: STSv1", "mode: testing", "mx: *.", "max_age: ", "\r\n", "\n", "x_y: z"],
    read: (octets) => parseStsPolicy(text(octets)),
  },
  {
    name: "TLSRPT record",
    files: ["tlsrpt/record.ts"],
    seeds: ["v=TLSRPTv1; rua=mailto:a@b.example,https://c.example/x", "v=TLSRPTv1;rua=mailto:a%21b@c.example!10m"],
    words: ["v=TLSRPTv1", "rua=", "mailto:", "https://", ";", ",", "%00", "\n"],
    read: (octets) => selectTlsRptRecord(latin1(octets).split("\n")),
  },
  {
    name: "key of a tally",
    files: ["tlsrpt/key.ts"],
    seeds: ['["a.example",[["sts","a.example"]],"success"]', "{}", "[]", '{"v":1}'],
    words: ["[", "]", '"', "null", "1e999", "{"],
    read: (octets) => parseTallyKey(text(octets)),
  },
  {
    name: "socketmap",
    // 20,000 requests.
    within: 40,
    files: ["postfix/netstring.ts", "postfix/socketmap.ts", "postfix/next-hop.ts"],
    seeds: ["21:policy [mx.a.example]:25,", "16:policy a.example,", "0:,", "3:abc", "99999999999:a,"],
    words: [":", ",", "policy ", "[", "]", "0", "IPv6:"],
    read: (octets) => answerAll([octets]),
    readInChunks: answerAll,
  },
  {
    name: "policy list",
    files: ["sources/list-file.ts", "sources/list-json.ts", "sources/list-time.ts", "sources/list-armor.ts"],
    seeds: [
      '{"timestamp":"2026-01-01T00:00:00Z","expires":"2026-02-01T00:00:00Z","version":"0.1","author":"x","policy-aliases":{"g":{"mode":"enforce","mxs":[".g.example"]}},"policies":{"a.example":{"mode":"testing","mxs":["mx.a.example"]},"b.example":{"policy-alias":"g"}}}',
      "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n=AAAA\n-----END PGP SIGNATURE-----\n",
    ],
    words: ['"policies"', '"mode"', '"__proto__"', "{", "}", "[", '"', "\\u0000", "1546300800", "-----BEGIN PGP"],
    read: (octets) => [parseListFile(octets), dearmor(octets, "PUBLIC KEY BLOCK")],
  },
  {
    name: "configuration",
    files: ["config/load.ts", "config/check.ts", "config/locate.ts", "config/units.ts"],
    seeds: [
      "hostname = 'mx.a.example'\ndata_dir = '/d'\n[[listen]]\naddress = '127.0.0.1:2525'\ntls = 'none'\n",
      "hostname = 1\n[a]\nb = [1, 2\n",
      "data_dir = '''\nx'''\n[limits]\nmessage_size = '10 MB'\n",
    ],
    words: ["[[listen]]", "=", "'", '"', "\n", "[", "]", "{", "}", "__proto__", "1979-05-27", "0x", "nan"],
    // Libraries parse it, twice: once for the values, once for where faults stand.
    within: 150,
    read: (octets) => parseConfig(text(octets), "x.toml").ok,
  },
  {
    name: "stored envelope",
    files: ["queue/stored.ts", "queue/_shape.ts"],
    seeds: [
      '{"version":1,"reversePath":{"kind":"null"},"recipients":[{"mailbox":{"localPart":"a","domain":"b.example"}}],"body":"7bit","smtpUtf8":false,"dsn":{},"demand":{"level":"may","propagate":false,"because":[]},"origin":{"kind":"mx"},"content":{"size":1,"eightBit":false,"bareCrLf":false,"nul":false,"endsInCrlf":true,"longestLine":3}}',
      '[0,[1,{"kind":"delivered","status":{"cause":"ok","code":250,"text":"x"},"at":1}]]',
    ],
    words: ["null", "[", "{", '"kind":"pending"', "1e309", '"__proto__"'],
    within: 30,
    read: (octets) => [decodeEnvelope(text(octets)), decodeRecipients(text(octets))],
  },
  {
    name: "options of sendmail",
    files: ["submission/sendmail_options.ts"],
    seeds: [
      "-t\0-oi\0-f\0a@b.example\0bo@rook.example",
      "-bp",
      "-q1h",
      "-N\0success,delay\0-R\0hdrs\0--\0-x",
      "-FAda\0-r\0x",
    ],
    words: ["\0", "-", "-f", "-oi", "-N", "never", "-V", "-C", "--", "-bs"],
    read: (octets) => parseSendmailOptions(text(octets).split("\0")),
  },
  {
    name: "list of clients",
    files: ["receive/clients_list.ts", "config/network.ts"],
    seeds: ["192.0.2.0/24\n2001:db8::/32 # a\n; b\n\n10.1.2.3\n", "x\n"],
    words: ["/33", "#", ";", "\n", "::", "::ffff:", "/0", "."],
    read: (octets) => parseClientList(text(octets), parseNetwork),
  },
  {
    name: "base64 of AUTH",
    files: ["sasl/base64.ts"],
    seeds: ["AGEAYg==", "=", "*", "AA=A", "AGEAYg"],
    words: ["=", "==", "+", "/"],
    read: (octets) => decodeBase64(latin1(octets)),
  },
];

function answerAll(chunks: readonly Buffer[]): unknown {
  const decoder = netstringDecoder(2048);
  const seen: unknown[] = [];
  for (const chunk of chunks) {
    const { strings, fault } = decoder.push(chunk);
    for (const one of strings) {
      const request = parseRequest(one);
      seen.push(request.ok ? parseNextHop(request.value.key) : request);
    }
    if (fault !== undefined) return [seen, fault];
  }
  return seen;
}
