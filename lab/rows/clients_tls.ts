import type { ClientPlay, ClientScenario } from "../clients/types.ts";
import { IN_DATA, IN_MAIL, hears, passes, say, SECOND, send, SMUGGLED, TALK } from "./clients_words.ts";

const WHOLE = "Subject: CANARY\r\n\r\nwhole\r\n.\r\n";
const INSIDE = { kind: "tls" } as const;
const RAW = { kind: "raw-tls" } as const;

/** What clients do to TLS: rows of groups A and K, and two of L. */
export const TLS_CLIENTS: readonly ClientScenario[] = [
  {
    row: "A17",
    claim: "Nothing that stands behind STARTTLS in clear is run or answered, wherever the octets are cut",
    plays: [
      {
        variant: "transaction",
        steps: [
          say("250", "EHLO client.test"),
          {
            kind: "send",
            text: `STARTTLS\r\nEHLO evil.test\r\n${SMUGGLED}`,
            hears: ["554 end", "220 end", "end"],
            split: { to: 40 },
          },
        ],
      },
      {
        variant: "half-command",
        steps: [
          say("250", "EHLO client.test"),
          { kind: "send", text: "STARTTLS\r\nEHLO ev", hears: ["554 end", "220 end", "end"], split: {} },
        ],
      },
    ],
  },
  {
    row: "A18",
    claim: "STARTTLS out of place is refused, and what was said before TLS is unknown inside it",
    plays: [
      {
        variant: "out-of-place",
        steps: [
          say(
            "503 250 501 250 503 250 503",
            "STARTTLS",
            "EHLO client.test",
            "STARTTLS now",
            ...TALK.slice(1, 2),
            "STARTTLS",
            ...TALK.slice(2),
            "STARTTLS",
          ),
          say("250 220", "RSET", "STARTTLS"),
          { kind: "starttls" },
          say("503*3 250 503", "DATA", ...TALK.slice(2), ...TALK.slice(1, 2), "EHLO client.test", "STARTTLS"),
          say("250*2 354 250", ...TALK.slice(1), "DATA", WHOLE.slice(0, -2)),
        ],
        arrives: 1,
      },
      { variant: "inside", opens: INSIDE, steps: [say("250 503", "EHLO client.test", "STARTTLS")] },
    ],
  },
  {
    row: "A19",
    claim: "Half a message is none, however TLS or TCP ends, and no octet in clear counts inside a session",
    plays: [
      {
        variant: "tcp-ends-in-content",
        opens: RAW,
        steps: [IN_DATA, send("Subject: CANARY\r\n\r\nhalf"), { kind: "below-end" }, hears("end")],
      },
      {
        variant: "tls-ends-in-chunk",
        opens: RAW,
        steps: [
          IN_MAIL,
          send("BDAT 1000 LAST\r\nSubject: CANARY\r\n\r\nhalf"),
          { kind: "close-notify" },
          { kind: "below", text: "x".repeat(970) },
          hears("end"),
        ],
      },
      {
        variant: "clear-octets",
        opens: RAW,
        steps: [
          IN_MAIL,
          send("BDAT 100\r\nSubject: CANARY\r\n"),
          { kind: "below", text: "\0BDAT 1 LAST\r\nx" },
          hears("end"),
        ],
      },
      {
        variant: "before-the-reply",
        opens: RAW,
        steps: [IN_DATA, send(WHOLE), { kind: "below-end" }, hears(["250 end", "end"])],
        arrives: 1,
      },
    ],
  },
  {
    row: "A20",
    claim: "Renegotiation, and new keys again and again, end the connection",
    plays: [
      {
        variant: "renegotiation",
        opens: { kind: "tls", tls: { most: "TLSv1.2" } },
        steps: [{ kind: "renegotiate" }, hears("end")],
        told: ["renegotiation"],
      },
      {
        variant: "key-updates",
        opens: RAW,
        steps: [{ kind: "key-updates", count: 2000 }, hears("end")],
        told: ["renegotiation"],
      },
    ],
  },
  {
    row: "K01",
    claim: "HTTP inside TLS ends at the handshake or at its first verb",
    plays: [
      {
        variant: "alpn",
        opens: { kind: "tls", tls: { alpn: ["http/1.1"], fails: "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL" } },
        steps: [],
      },
      ...[
        "POST / HTTP/1.1\r\n",
        "GET /<script> HTTP/1.0\r\nHost: mx.house.test\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      ].map(
        (text): ClientPlay => ({
          variant: text.split(" ", 1)[0] ?? "",
          opens: INSIDE,
          steps: [send(text, ["421 end", "554 end"])],
        }),
      ),
      {
        variant: "with-commands",
        opens: INSIDE,
        steps: [send(`POST / HTTP/1.1\r\nHost: mx.house.test\r\n\r\nEHLO a\r\n${SMUGGLED}`, ["421 end", "554 end"])],
      },
    ],
  },
  {
    row: "K02",
    claim: "Each server name gets its own certificate, any other one the default, and none harms the next client",
    plays: [
      ...(
        [
          ["mx.house.test", "mx.house.test"],
          ["mx.tenant.test", "mx.tenant.test"],
          ["MX.Tenant.Test", "mx.tenant.test"],
          ["stranger.test", "mx.house.test"],
        ] as const
      ).map(
        ([servername, shows]): ClientPlay => ({
          variant: servername,
          opens: { kind: "tls", tls: { servername, shows } },
          steps: [],
        }),
      ),
      { variant: "none", opens: { kind: "tls", tls: { shows: "mx.house.test" } }, steps: [] },
      ...oddName("far-too-long", "a".repeat(300), "alert"),
      ...oddName("nul", "mx.house\0.test", "alert"),
      ...oddName("literal", "192.0.2.1", "served"),
    ],
  },
  {
    row: "K03",
    claim: "No session of one listener is resumed at another, nor at the same",
    plays: [
      { variant: "ticket", opens: INSIDE, steps: [{ kind: "resume" }] },
      { variant: "session", opens: INSIDE, steps: [{ kind: "resume", most: "TLSv1.2" }] },
    ],
  },
  {
    row: "K04",
    claim: "There is nothing that early data could be sent with",
    plays: [{ variant: "", opens: INSIDE, steps: [{ kind: "resume" }] }],
  },
  {
    row: "K05",
    claim: "Another protocol on the port is closed at once, without a pause",
    plays: [
      {
        variant: "tls-in-clear",
        steps: [send("\x16\x03\x01\x00\x80\x01\x00\x00\x7c\x03\x03", ["421 end", "554 end"])],
      },
      ...["GET / HTTP/1.1\r\n", "post /x HTTP/1.1\r\n"].map(
        (text): ClientPlay => ({ variant: text.split(" ", 1)[0] ?? "", steps: [send(text, ["421 end", "554 end"])] }),
      ),
      ...["EHLO client.test\r\n", "GET / HTTP/1.1\r\n\r\n"].map(
        (text): ClientPlay => ({
          variant: `${text.slice(0, 4)}-in-place-of-tls`,
          opens: { kind: "tcp", to: "tls" },
          steps: [send(text), hears("end")],
        }),
      ),
    ],
  },
  {
    row: "L06",
    claim:
      "Handshakes that are left open end after their time, however their octets trickle, and honest mail passes beside them",
    plays: [
      {
        variant: "trickle",
        crowd: 200,
        opens: { kind: "tcp", to: "tls" },
        steps: [
          { kind: "trickle", text: "\x16\x03\x01\x00\x80\x01", every: 4 * SECOND },
          { kind: "honest" },
          passes(10 * SECOND),
          hears("end"),
        ],
        told: ["handshake-time"],
      },
      {
        variant: "left-in-the-middle",
        crowd: 50,
        opens: { kind: "tcp", to: "tls" },
        steps: [send("\x16\x03"), { kind: "half-close" }, hears("end")],
      },
    ],
  },
  {
    row: "L07",
    claim: "Whatever server name is asked for, it ends its own handshake at most",
    plays: [
      ...["", "..", "\xff\xfe", "[::1]", "__proto__", "constructor", "xn--", `${"a".repeat(64)}.test`].flatMap(
        (name, at) => oddName(`name-${at}`, name, "served"),
      ),
      ...oddName("nul", "\0", "alert"),
    ],
  },
];

function oddName(variant: string, name: string, answer: "served" | "alert"): readonly ClientPlay[] {
  return [{ variant, opens: { kind: "tcp", to: "tls" }, steps: [{ kind: "hello", name, answer }] }];
}
