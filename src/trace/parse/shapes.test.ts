import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReceived } from "./received.ts";
import type { Received } from "./types.ts";

/** What a row states; the rest of the field is not looked at. */
interface Want {
  readonly helo?: string | undefined;
  readonly rdns?: string | undefined;
  readonly ip?: string | undefined;
  readonly port?: number;
  readonly ident?: string;
  readonly helo_cmd?: string | undefined;
  readonly by?: string | undefined;
  readonly byIp?: string;
  readonly with?: string | undefined;
  readonly via?: string;
  readonly tlsFlag?: boolean;
  readonly authFlag?: boolean;
  readonly id?: string | undefined;
  readonly for?: readonly string[];
  readonly envelopeFrom?: string;
  readonly version?: string | undefined;
  readonly cipher?: string | undefined;
  readonly group?: string;
  readonly bits?: number;
  readonly clientCert?: string;
  readonly auth?: boolean;
  readonly user?: string;
  readonly mechanism?: string;
  readonly local?: string | undefined;
  readonly software?: string | null;
  readonly date?: string;
  readonly quality?: string;
}

const DATE = "Tue, 3 Mar 2026 09:14:07 +0100";
const WHEN = { date: "2026-03-03T08:14:07.000Z", quality: "ok" } as const;

for (const { name, text, want } of rows()) {
  test(`parseReceived reads ${name}`, () => {
    assert.deepEqual(shown(parseReceived(text), want), want);
  });
  test(`parseReceived reads ${name}, folded at every blank, by CRLF or LF (RFC 5322 §2.2.3)`, () => {
    for (const fold of ["\r\n ", "\n ", "\r\n\t"]) {
      const folded = parseReceived(`Received: ${text.replaceAll(" ", fold)}\r\n`);
      const plain = parseReceived(`Received: ${fold.endsWith("\t") ? text.replaceAll(" ", "\t") : text}\r\n`);
      assert.deepEqual({ ...folded, raw: "" }, { ...plain, raw: "" });
    }
  });
}

function shown(field: Received, want: Want): Want {
  const all: Record<string, unknown> = {
    helo: field.from?.helo,
    rdns: field.from?.rdns,
    ip: field.from?.ip,
    port: field.from?.port,
    ident: field.from?.ident,
    helo_cmd: field.from?.helo_cmd,
    by: field.by?.name,
    byIp: field.by?.ip,
    with: field.protocol?.raw,
    via: field.via,
    tlsFlag: field.protocol?.tlsFlag,
    authFlag: field.protocol?.authFlag,
    id: field.id,
    for: field.for,
    envelopeFrom: field.envelopeFrom,
    version: field.tls.find((one) => one.version !== undefined)?.version,
    cipher: field.tls.find((one) => one.cipher !== undefined)?.cipher,
    group: field.tls.find((one) => one.group !== undefined)?.group,
    bits: field.tls.find((one) => one.bits !== undefined)?.bits,
    clientCert: field.tls.find((one) => one.clientCert !== undefined)?.clientCert,
    auth: field.auth !== undefined,
    user: field.auth?.user,
    mechanism: field.auth?.mechanism,
    local: field.local,
    software: field.software,
    date: field.date.instant === undefined ? undefined : new Date(field.date.instant).toISOString(),
    quality: field.date.quality,
  };
  return Object.fromEntries(Object.keys(want).map((key) => [key, all[key]]));
}

function rows(): { name: string; text: string; want: Want }[] {
  return [
    {
      name: "Postfix with TLS, authentication and every comment",
      text: `from out.pine.example (out.pine.example [IPv6:2001:db8::10]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256) (Client CN "out.pine.example", Issuer "Some CA (G2)" (verified OK)) (Authenticated sender: ann) by mx.rook.example (Postfix) with ESMTPSA id 4Xyz12abc for <bo@rook.example>; ${DATE} (CET)`,
      want: {
        helo: "out.pine.example",
        rdns: "out.pine.example",
        ip: "2001:db8::10",
        by: "mx.rook.example",
        with: "ESMTPSA",
        tlsFlag: true,
        authFlag: true,
        id: "4Xyz12abc",
        for: ["bo@rook.example"],
        version: "TLSv1.3",
        cipher: "TLS_AES_256_GCM_SHA384",
        group: "x25519",
        bits: 256,
        clientCert: "verified",
        auth: true,
        user: "ann",
        software: "postfix",
        ...WHEN,
      },
    },
    {
      name: "Postfix without TLS, with an unknown reverse name and HELO",
      text: `from pine (unknown [192.0.2.10]) by mx.rook.example (Postfix) with SMTP id 4Xyz; ${DATE}`,
      want: { helo: "pine", rdns: undefined, ip: "192.0.2.10", with: "SMTP", tlsFlag: false, auth: false, ...WHEN },
    },
    {
      name: "Postfix, whose client showed a raw public key",
      text: `from a.example (a.example [192.0.2.10]) (using TLSv1.2 with cipher ECDHE-ECDSA-AES256-GCM-SHA384 (256/256 bits) key-exchange ECDHE (P-256)) (Client RPK sha256 digest 12:34) by mx.rook.example (Postfix) with ESMTPS id 4; ${DATE}`,
      want: {
        version: "TLSv1.2",
        cipher: "ECDHE-ECDSA-AES256-GCM-SHA384",
        group: "secp256r1",
        clientCert: "presented",
      },
    },
    {
      name: "Postfix, whose client showed no certificate",
      text: `from a.example (a.example [192.0.2.10]) (Client did not present a certificate) by mx.rook.example (Postfix) with ESMTPS id 4; ${DATE}`,
      want: { clientCert: "none", version: undefined, tlsFlag: true },
    },
    {
      name: "Postfix with the session hidden",
      text: `by mx.rook.example (Postfix) id 4Xyz12abc for <bo@rook.example>; ${DATE}`,
      want: { helo: undefined, by: "mx.rook.example", with: undefined, id: "4Xyz12abc", software: "postfix", ...WHEN },
    },
    {
      name: "Postfix's local submission",
      text: `by rook.example (Postfix, from userid 1000) id 4Xyz; ${DATE}`,
      want: { by: "rook.example", local: "user", software: "postfix", id: "4Xyz" },
    },
    {
      name: "Exim 4.98: lower-case protocol, tls clause before the comment, envelope-from",
      text: `from out.pine.example ([192.0.2.10]:41234 helo=pine) by mx.rook.example with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384 (Exim 4.98) (envelope-from <ann@pine.example>) id 1abcDE-00000000abc-1234 for bo@rook.example; ${DATE}`,
      want: {
        helo: "pine",
        rdns: "out.pine.example",
        ip: "192.0.2.10",
        port: 41234,
        by: "mx.rook.example",
        with: "esmtps",
        tlsFlag: true,
        authFlag: false,
        id: "1abcDE-00000000abc-1234",
        for: ["bo@rook.example"],
        envelopeFrom: "ann@pine.example",
        version: "TLSv1.3",
        cipher: "TLS_AES_256_GCM_SHA384",
        software: "exim",
        ...WHEN,
      },
    },
    {
      name: "Exim from a bare address, with the old TLS comment",
      text: `from [192.0.2.10] (helo=pine) by mx.rook.example with esmtpsa (TLSv1.2:ECDHE-RSA-AES256-GCM-SHA384:256) (Exim 4.84) id 1abcDE-000abc-12; ${DATE}`,
      want: {
        helo: "pine",
        rdns: undefined,
        ip: "192.0.2.10",
        version: "TLSv1.2",
        cipher: "ECDHE-RSA-AES256-GCM-SHA384",
        bits: 256,
        auth: true,
        software: "exim",
      },
    },
    {
      name: "Exim with GnuTLS, which counts octets",
      text: `from a.example ([192.0.2.10]) by mx.rook.example with esmtps (TLS-1.0:DHE_RSA_3DES_EDE_CBC_SHA:24) (Exim 4.50) id 1abcDE-000abc-12; ${DATE}`,
      want: { version: "TLSv1.0", cipher: "DHE_RSA_3DES_EDE_CBC_SHA", bits: 192 },
    },
    {
      name: "Exim's word Cipher",
      text: `from a.example ([192.0.2.10]) by mx.rook.example with esmtp (Cipher TLSv1:DES-CBC3-SHA:168) (Exim 3.31 #1 (Debian)) id 18lyuU-0007TI-00; ${DATE}`,
      want: { version: "TLSv1.0", cipher: "DES-CBC3-SHA", bits: 168, tlsFlag: false, software: "exim" },
    },
    {
      name: "Exim's local delivery and its kin",
      text: `from ann by rook.example with local (Exim 4.98) (envelope-from <ann@rook.example>) id 1abcDE-00000000abc-1234; ${DATE}`,
      want: { by: "rook.example", with: "local", envelopeFrom: "ann@rook.example", software: "exim" },
    },
    {
      name: "Exim's REQUIRETLS protocol with a capital S",
      text: `from a.example ([192.0.2.10]) by mx.rook.example with esmtpS (TLS1.3) tls TLS_AES_128_GCM_SHA256 (Exim 4.93) id 1abcDE-000abc-12; ${DATE}`,
      want: { with: "esmtpS", tlsFlag: true, cipher: "TLS_AES_128_GCM_SHA256", software: "exim" },
    },
    {
      name: "sendmail with ident, a doubted name, authentication and TLS",
      text: `from pine.example (ann@out.pine.example [192.0.2.10] (may be forged)) (authenticated bits=0) by mx.rook.example (8.17.1/8.17.1) with ESMTPS id 62A8E7xx012345 (version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO) for <bo@rook.example>; ${DATE} (CET)`,
      want: {
        helo: "pine.example",
        rdns: "out.pine.example",
        ip: "192.0.2.10",
        ident: "ann",
        with: "ESMTPS",
        id: "62A8E7xx012345",
        for: ["bo@rook.example"],
        version: "TLSv1.3",
        cipher: "TLS_AES_256_GCM_SHA384",
        bits: 256,
        clientCert: "none",
        auth: true,
        software: "sendmail",
        ...WHEN,
      },
    },
    {
      name: "sendmail whose client certificate failed, with the label of old libraries",
      text: `from a.example (a.example [192.0.2.10]) by mx.rook.example (8.13.8/8.13.8) with ESMTP id k1 (version=TLSv1/SSLv3 cipher=DHE-RSA-AES256-SHA bits=256 verify=FAIL); ${DATE}`,
      want: { version: "TLSv1.0", cipher: "DHE-RSA-AES256-SHA", clientCert: "failed", tlsFlag: false },
    },
    {
      name: "Gmail from outside, with a dot behind the reverse name",
      text: `from out.pine.example (out.pine.example. [192.0.2.10]) by mx.google.com with ESMTPS id d9443c01a7336-1a2b3c.4.2026.03.03 for <bo@rook.example> (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256); ${DATE} (PST)`,
      want: {
        helo: "out.pine.example",
        rdns: "out.pine.example.",
        ip: "192.0.2.10",
        by: "mx.google.com",
        id: "d9443c01a7336-1a2b3c.4.2026.03.03",
        for: ["bo@rook.example"],
        version: "TLSv1.3",
        cipher: "TLS_AES_256_GCM_SHA384",
        bits: 256,
        software: "gmail",
      },
    },
    {
      name: "Gmail's inner hop, named like an address",
      text: `by 2002:a05:6a00:1234:b0:5a:1:2 with SMTP id x1csp12345abc; ${DATE} (PST)`,
      want: {
        by: "2002:a05:6a00:1234:b0:5a:1:2",
        byIp: "2002:a05:6a00:1234:b0:5a:1:2",
        with: "SMTP",
        software: "gmail",
      },
    },
    {
      name: "Gmail's mailer, over Google Transport Security",
      text: `from mail-sor.example (mail-sor.example. [192.0.2.41]) by mx.google.com with SMTPS id ab.1 for <bo@rook.example> (Google Transport Security); ${DATE}`,
      want: { with: "SMTPS", tlsFlag: true, id: "ab.1", software: "gmail" },
    },
    {
      name: "Exchange with TLS, its version in the place of an id",
      text: `from AM0PR01.eurprd01.prod.outlook.com (2603:10a6:208::1) by DB7PR01.eurprd01.prod.outlook.com (2603:10a6:5::2) with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.8000.1; ${DATE}`,
      want: {
        helo: "AM0PR01.eurprd01.prod.outlook.com",
        ip: "2603:10a6:208::1",
        by: "DB7PR01.eurprd01.prod.outlook.com",
        byIp: "2603:10a6:5::2",
        with: "Microsoft SMTP Server",
        id: "15.20.8000.1",
        version: "TLSv1.2",
        cipher: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        software: "exchange",
      },
    },
    {
      name: "Exchange's mapi hand-over, with a zone in the address",
      text: `from AM0PR01.prod.outlook.com ([fe80::1]) by AM0PR01.prod.outlook.com ([fe80::1%6]) with mapi id 15.20.8000.1; ${DATE}`,
      want: { ip: "fe80::1", byIp: "fe80::1", with: "mapi", software: "exchange" },
    },
    {
      name: "Exchange's front end, with words behind via",
      text: `from a.example (192.0.2.10) by b.example (198.51.100.2) with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.8000.1 via Frontend Transport; ${DATE}`,
      want: { ip: "192.0.2.10", via: "Frontend Transport", id: "15.20.8000.1", software: "exchange" },
    },
    {
      name: "Microsoft SMTPSVC",
      text: `from a.example ([192.0.2.10]) by b.example with Microsoft SMTPSVC(8.5.9600.16384); ${DATE}`,
      want: { ip: "192.0.2.10", with: "Microsoft SMTPSVC", software: "exchange" },
    },
    {
      name: "Exchange's pickup folder",
      text: `from mail pickup service by b.example with Microsoft SMTPSVC; ${DATE}`,
      want: { helo: undefined, local: "pickup", by: "b.example", software: "exchange" },
    },
    {
      name: "Amazon SES",
      text: `from a1-2.smtp-out.eu-west-1.amazonses.com (a1-2.smtp-out.eu-west-1.amazonses.com [54.240.1.2]) by inbound-smtp.eu-west-1.amazonaws.com with SMTP id abc123def for bo@rook.example; ${DATE} (UTC)`,
      want: { ip: "54.240.1.2", with: "SMTP", id: "abc123def", for: ["bo@rook.example"], software: "ses" },
    },
    {
      name: "qmail with HELO and ident, without brackets",
      text: "from out.pine.example (HELO pine) (ann@192.0.2.10) by mx.rook.example with SMTP; 14 Nov 2003 08:05:50 -0000",
      want: {
        helo: "pine",
        rdns: "out.pine.example",
        ip: "192.0.2.10",
        ident: "ann",
        helo_cmd: "HELO",
        with: "SMTP",
        software: "qmail",
        date: "2003-11-14T08:05:50.000Z",
        quality: "ok",
      },
    },
    {
      name: "qmail with a TLS patch",
      text: `from out.pine.example (HELO pine) (192.0.2.10) by mx.rook.example with (RC4-SHA encrypted) SMTP; ${DATE}`,
      want: { with: "SMTP", cipher: "RC4-SHA", ip: "192.0.2.10" },
    },
    {
      name: "s/qmail, which names the cipher before the protocol",
      text: `from out.pine.example (HELO pine) (192.0.2.10) by mx.rook.example with TLS_AES_256_GCM_SHA384 encrypted ESMTPS; ${DATE}`,
      want: { tlsFlag: true, cipher: "TLS_AES_256_GCM_SHA384", ip: "192.0.2.10" },
    },
    {
      name: "qmail's local submission, which has neither from nor by",
      text: "(qmail 1234 invoked by uid 0); 14 Nov 2003 08:05:50 -0000",
      want: { helo: undefined, by: undefined, local: "user", software: "qmail", quality: "ok" },
    },
    {
      name: "qmail's queue, invoked from the network",
      text: "(qmail 1234 invoked from network); 14 Nov 2003 08:05:50 -0000",
      want: { helo: undefined, by: undefined, local: undefined, software: "qmail", quality: "ok" },
    },
    {
      name: "Courier with AUTH and TLS in one comment and a mapped address",
      text: `from pine (out.pine.example [::ffff:192.0.2.10]) (AUTH: PLAIN ann, TLS: TLS1.3,128bits,ECDHE_RSA_AES_128_GCM_SHA256) by mx.rook.example with ESMTPSA id 00000000005DC0D6.0000000064EC6711; ${DATE}`,
      want: {
        helo: "pine",
        rdns: "out.pine.example",
        ip: "192.0.2.10",
        auth: true,
        user: "ann",
        mechanism: "PLAIN",
        version: "TLSv1.3",
        cipher: "ECDHE_RSA_AES_128_GCM_SHA256",
        bits: 128,
        id: "00000000005DC0D6.0000000064EC6711",
        software: "courier",
      },
    },
    {
      name: "Haraka with the tls clause and a UUID",
      text: `from pine (out.pine.example [192.0.2.10]) by mx.rook.example (Haraka) with ESMTPSA id 0A1B2C3D-0000-4000-8000-0123456789AB.1 envelope-from <ann@pine.example> tls TLS_AES_256_GCM_SHA384 (authenticated bits=0); ${DATE}`,
      want: {
        id: "0A1B2C3D-0000-4000-8000-0123456789AB.1",
        envelopeFrom: "ann@pine.example",
        cipher: "TLS_AES_256_GCM_SHA384",
        auth: true,
        software: "haraka",
      },
    },
    {
      name: "older Haraka with the version comment",
      text: `from pine (out.pine.example [192.0.2.10]) by mx.rook.example (Haraka/2.8) with ESMTPS id 0A1B.1 envelope-from <a@pine.example> (version=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 verify=NO); ${DATE}`,
      want: { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", clientCert: "none", software: "haraka" },
    },
    {
      name: "Stalwart with rustls names",
      text: `from pine (out.pine.example. [192.0.2.10]) (using TLSv1.3 with cipher TLS13_AES_256_GCM_SHA384) by mx.rook.example (Stalwart SMTP) with ESMTPS id 41A2C80D73C; ${DATE}`,
      want: { version: "TLSv1.3", cipher: "TLS13_AES_256_GCM_SHA384", software: "stalwart" },
    },
    {
      name: "mox",
      text: `from pine (out.pine.example [192.0.2.10]) by mx.rook.example ([198.51.100.1]) via tcp with ESMTPS (requiretls) id abcDEF (TLS1.3 TLS_AES_128_GCM_SHA256) for <bo@rook.example>; ${DATE}`,
      want: {
        by: "mx.rook.example",
        byIp: "198.51.100.1",
        via: "tcp",
        with: "ESMTPS",
        id: "abcDEF",
        version: "TLSv1.3",
        cipher: "TLS_AES_128_GCM_SHA256",
        software: "mox",
      },
    },
    {
      name: "mox for several recipients, where the semicolon is missing",
      text: `from pine (out.pine.example [192.0.2.10]) by mx.rook.example ([198.51.100.1]) via tcp with ESMTPS id abcDEF (TLS1.3 TLS_AES_128_GCM_SHA256) ${DATE}`,
      want: { id: "abcDEF", ...WHEN },
    },
    {
      name: "CommuniGate",
      text: `from [192.0.2.10] (account ann HELO [10.0.0.4]) by mx.rook.example (CommuniGate Pro SMTP 6.3) with ESMTP-TLS id 2088434; ${DATE}`,
      want: { helo: "[10.0.0.4]", ip: "192.0.2.10", tlsFlag: true, auth: true, user: "ann", software: "communigate" },
    },
    {
      name: "CommuniGate that verified an address",
      text: `from out.pine.example ([192.0.2.10] verified) by mx.rook.example (CommuniGate Pro SMTP 6.3) with ESMTPS id 2088434 for bo@rook.example; ${DATE}`,
      want: { helo: "out.pine.example", ip: "192.0.2.10", for: ["bo@rook.example"], software: "communigate" },
    },
    {
      name: "GMX",
      text: `from out.pine.example ([192.0.2.10]) by mx.web.de (mxweb012 [198.51.100.3]) with ESMTPS (Nemesis) id 1M8abc-1abcde; ${DATE}`,
      want: { ip: "192.0.2.10", by: "mx.web.de", byIp: "198.51.100.3", with: "ESMTPS", software: "nemesis" },
    },
    {
      name: "web.de's slash protocol",
      text: `from unknown (HELO PINE) () by mx.web.de with ESMTP/TLS/DHE-RSA-AES256-GCM-SHA384; ${DATE}`,
      want: { helo: "PINE", rdns: undefined, tlsFlag: true, cipher: "DHE-RSA-AES256-GCM-SHA384" },
    },
    {
      name: "Cyrus over LMTP",
      text: `from compute1.internal (compute1.nyi.internal [10.0.0.41]) by mailx (Cyrus 3.9) with LMTPA; ${DATE}`,
      want: { ip: "10.0.0.41", with: "LMTPA", tlsFlag: false, authFlag: true, software: "cyrus" },
    },
    {
      name: "Dovecot's LMTP without from",
      text: `by rook.example with LMTP id abcDEF (envelope-from <ann@pine.example>) for <bo@rook.example>; ${DATE}`,
      want: { helo: undefined, with: "LMTP", envelopeFrom: "ann@pine.example", for: ["bo@rook.example"] },
    },
    {
      name: "fetchmail",
      text: `from pop.pine.example [192.0.2.10] by localhost with POP3 (fetchmail-6.4.37) for <bo@localhost> (single-drop); ${DATE}`,
      want: { ip: "192.0.2.10", with: "POP3", for: ["bo@localhost"], software: "fetchmail" },
    },
    {
      name: "webmail over HTTP",
      text: `from 192.0.2.10 (SquirrelMail authenticated user ann) by mail.rook.example with HTTP; ${DATE}`,
      want: { ip: "192.0.2.10", with: "HTTP", auth: true, user: "ann" },
    },
    {
      name: "Yahoo's inner protocol and its web front",
      text: `from [192.0.2.10] by nm2.bullet.mail.ukl.yahoo.com with NNFMP; ${DATE}`,
      want: { ip: "192.0.2.10", with: "NNFMP", software: "yahoo" },
    },
    {
      name: "Yahoo by HTTP",
      text: `from [192.0.2.10] by web1.mail.ukl.yahoo.com via HTTP; ${DATE}`,
      want: { ip: "192.0.2.10", via: "HTTP", software: "yahoo" },
    },
    {
      name: "a port inside the brackets",
      text: `from a.example ([192.0.2.10:5678]) by b.example with ESMTP id <S72E>; ${DATE}`,
      want: { ip: "192.0.2.10", port: 5678, id: "S72E" },
    },
    {
      name: "an unverified address",
      text: `from a.example (unverified [192.0.2.10]) by b.example (Rockliffe SMTPRA 10.3.0) with SMTP id <B006@b.example>; ${DATE}`,
      want: { rdns: undefined, ip: "192.0.2.10", id: "B006@b.example" },
    },
    {
      name: "a comment with a semicolon",
      text: `from a.example ([192.0.2.10]) by b.example (filter; version 3; Mon) with ESMTP id 1; ${DATE}`,
      want: { by: "b.example", with: "ESMTP", id: "1", ...WHEN },
    },
    {
      name: "a date with nested comments",
      text: "from a.example ([192.0.2.10]) by b.example; Tue, 3 Mar 2026 09:14:07 +0100 (comment (nested))",
      want: WHEN,
    },
    {
      name: "a two-digit year (RFC 5322 §4.3)",
      text: "from a.example ([192.0.2.10]) by b.example; 3 Mar 26 09:14:07 GMT",
      want: { date: "2026-03-03T09:14:07.000Z", quality: "obsolete" },
    },
    {
      name: "a field without a semicolon and without a date",
      text: "from a.example ([192.0.2.10]) by b.example with ESMTP id abc",
      want: { id: "abc", quality: "missing" },
    },
    {
      name: "several recipients",
      text: `from a.example ([192.0.2.10]) by b.example with ESMTP id abc for <x@c.example>,<y@c.example>; ${DATE}`,
      want: { for: ["x@c.example", "y@c.example"] },
    },
    {
      name: "a quoted local part",
      text: `from a.example ([192.0.2.10]) by b.example with ESMTP id abc for <"by evil; with"@c.example>; ${DATE}`,
      want: { for: ['"by evil; with"@c.example'], by: "b.example", with: "ESMTP", ...WHEN },
    },
    {
      name: "raw UTF-8 and an internationalised recipient (RFC 6532)",
      text: `from b\u00fccher.example ([192.0.2.10]) by b.example with UTF8SMTPS id abc for <bj\u00f6rn@c.example>; ${DATE}`,
      want: { helo: "b\u00fccher.example", with: "UTF8SMTPS", tlsFlag: true, for: ["bj\u00f6rn@c.example"] },
    },
    {
      name: "Mimecast, which writes STARTTLS as a second protocol",
      text: `from out.pine.example (out.pine.example [192.0.2.10]) by relay.mimecast.com with ESMTP with STARTTLS (version=TLSv1.2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id us-mta-12-AbC-1; ${DATE}`,
      want: {
        with: "ESMTP with STARTTLS",
        tlsFlag: true,
        version: "TLSv1.2",
        cipher: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        id: "us-mta-12-AbC-1",
      },
    },
    {
      name: "Yandex, which tells of TLS behind the date",
      text: `from out.pine.example (out.pine.example [192.0.2.10]) by mxfront.mail.yandex.net (mxfront/Yandex) with ESMTPS id AbC-1; ${DATE} (using TLSv1.2 with cipher ECDHE-RSA-AES128-GCM-SHA256 (128/128 bits)) (Client certificate not present)`,
      want: { version: "TLSv1.2", cipher: "ECDHE-RSA-AES128-GCM-SHA256", bits: 128, clientCert: "none", ...WHEN },
    },
    {
      name: "PowerMTA, with the envelope sender behind the date",
      text: `from pine (192.0.2.10) by mx.rook.example (PowerMTA(TM) v3.5r12) id h1abc for <bo@rook.example>; ${DATE} (envelope-from <ann@pine.example>)`,
      want: { ip: "192.0.2.10", id: "h1abc", envelopeFrom: "ann@pine.example", software: "powermta", ...WHEN },
    },
    {
      name: "Exchange 2010, with TLS in a word",
      text: `from a.example (192.0.2.10) by b.example (198.51.100.2) with Microsoft SMTP Server (TLS) id 14.3.123.3; ${DATE}`,
      want: { ip: "192.0.2.10", id: "14.3.123.3", software: "exchange" },
    },
    {
      name: "OpenSMTPD",
      text: `from pine (out.pine.example [192.0.2.10]) by mx.rook.example (OpenSMTPD) with ESMTPS id 5db34e0d (TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO) for <bo@rook.example>; ${DATE}`,
      want: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256, software: "opensmtpd" },
    },
    {
      name: "KumoMTA",
      text: `from pine (192.0.2.10) by mx.rook.example (KumoMTA 198.51.100.2) with ESMTPS (TLSv1_3:TLS13_AES_256_GCM_SHA384) id abc for <bo@rook.example>; ${DATE}`,
      want: { version: "TLSv1.3", cipher: "TLS13_AES_256_GCM_SHA384", id: "abc", software: "kumomta" },
    },
    {
      name: "Domino, whose id has a colon",
      text: `from pine ([192.0.2.10]) by mx.rook.example (Lotus Domino Release 8.5.3) with ESMTP id 2026030309140712-1234:5 ; ${DATE}`,
      want: { id: "2026030309140712-1234:5", software: "domino", ...WHEN },
    },
    {
      name: "qmail-scanner, whose second by names a user id",
      text: `from ann@pine.example by rook by uid 502 with qmail-scanner-1.14 (clean); ${DATE}`,
      want: { by: "rook", with: "qmail-scanner-1.14", local: "user", ...WHEN },
    },
    {
      name: "Exim configured to name the authenticated user",
      text: `from out.pine.example ([192.0.2.10] helo=pine) by mx.rook.example with esmtpsa (TLS1.3) (Exim 4.98) id 1abcDE-00000000abc-1234 by authid <ann@pine.example> with cram_md5; ${DATE}`,
      want: {
        by: "mx.rook.example",
        with: "esmtpsa",
        version: "TLSv1.3",
        id: "1abcDE-00000000abc-1234",
        user: "ann@pine.example",
        mechanism: "CRAM-MD5",
        software: "exim",
        ...WHEN,
      },
    },
    {
      name: "sendmail's submission program",
      text: `(from ann@localhost) by rook.example (8.17.1/8.17.1/Submit) id h1abc; ${DATE}`,
      want: { by: "rook.example", local: "user", software: "sendmail", ...WHEN },
    },
    {
      name: "a version behind by that looks like an address",
      text: `from [192.0.2.10] (192.0.2.10) by rook.example (8.7.004.06) (authenticated as ann@pine.example) id 55F0; ${DATE}`,
      want: { ip: "192.0.2.10", by: "rook.example", auth: true, user: "ann@pine.example", ...WHEN },
    },
    {
      name: "NUL, which is ignored",
      text: `from pi\u0000ne.example (out.pi\u0000ne.example [192.\u00000.2.10]) by rook.example with ESMTP; ${DATE}`,
      want: { helo: "pine.example", rdns: "out.pine.example", ip: "192.0.2.10", ...WHEN },
    },
    {
      name: "Exim without a name, with the port",
      text: `from [192.0.2.10] (port=51234 helo=pine) by mx.rook.example with esmtp (Exim 4.98) id 1abcDE-00000000abc-1234; ${DATE}`,
      want: { helo: "pine", rdns: undefined, ip: "192.0.2.10", port: 51_234, software: "exim", ...WHEN },
    },
    {
      name: "Alibaba, which quotes the envelope sender behind the address",
      text: `from 192.0.2.10(mailfrom:ann@[198.51.100.7] fp:SMTPD_---0W cluster:ay36) by mx.rook.example; ${DATE}`,
      want: { rdns: undefined, ip: "192.0.2.10", envelopeFrom: "ann@[198.51.100.7]", by: "mx.rook.example", ...WHEN },
    },
    { name: "an empty field", text: "", want: { helo: undefined, by: undefined, quality: "missing", software: null } },
  ];
}
