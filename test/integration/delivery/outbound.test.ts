import assert from "node:assert/strict";
import { test } from "node:test";
import { newCa } from "../../../lab/certificates.ts";
import { seededRandom, systemClock, systemRandom, utf8 } from "../../../src/base/mod.ts";
import { type DeliveryOptions, startDelivery } from "../../../src/delivery/remote/mod.ts";
import { domain, NO_DEMAND } from "../../../src/mail/mod.ts";
import { type Events, subscribe } from "../../../src/observe/mod.ts";
import { admit, allowPlaintext, confirmPeer, type Level, localPolicies, namePattern } from "../../../src/policy/mod.ts";
import { type Destination, newQueueId } from "../../../src/queue/mod.ts";
import { memoryStore } from "../../../src/queue/store/mod.ts";
import { openSession } from "../../../src/smtp/io/mod.ts";
import { openTrust } from "../../../src/tls/io/mod.ts";
import { staticResolver } from "../../support/resolver.ts";
import { type Behaviour, type Peer, startPeer } from "./_peer.ts";

const MX = domain("mx.pine.example");
const BODY = "Subject: hello\r\n\r\nthe canary sings\r\n.a dot\r\n";
const ours = await newCa();
const theirs = await newCa("Somebody else");
const opened = await openTrust({ kind: "pem", certificates: [ours.pem] });
assert.ok(opened.ok);
const trust = opened.value;
const CERTIFICATES = {
  good: await ours.issue([MX]),
  "another name": await ours.issue(["mx.oak.example"]),
  "another CA": await theirs.issue([MX]),
  expired: await ours.issue([MX], { notBefore: new Date(0), notAfter: new Date(86_400_000) }),
};

/** Sends one message through the whole sending side over real sockets and returns its line. */
async function deliver(peers: readonly Peer[], level: Level): Promise<Events["hopseal:attempt"]> {
  await using store = memoryStore({ clock: systemClock });
  const stop = new AbortController();
  const newId = (): ReturnType<typeof newQueueId> => newQueueId(systemClock, systemRandom);
  const attempt = Promise.withResolvers<Events["hopseal:attempt"]>();
  const id = newId();
  using _listening = subscribe("hopseal:attempt", (event) => {
    if (event.id === id) attempt.resolve(event);
  });
  const sink = store.stage();
  await sink.write(utf8(BODY));
  await store.commit(
    {
      id,
      acceptedAt: systemClock.now(),
      envelope: {
        reversePath: { kind: "mailbox", mailbox: { localPart: "ada", domain: domain("rook.example") } },
        recipients: [{ mailbox: { localPart: "bo", domain: domain("pine.example") }, notify: "never" }],
        body: "7bit",
        smtpUtf8: false,
        dsn: {},
        demand: NO_DEMAND,
        origin: { kind: "local" },
        content: { size: BODY.length, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 16 },
      },
      units: [{ destination: "pine.example" as Destination, recipients: [0] }],
    },
    await sink.finish(),
  );
  const gate = { confirmPeer, allowPlaintext, admit };
  const options: DeliveryOptions = {
    store,
    clock: systemClock,
    random: seededRandom(1),
    resolver: staticResolver({
      "pine.example": {
        MX: peers.map((_, at) => ({ preference: at, exchange: `${at === 0 ? "mx" : `mx${at}`}.pine.example` })),
      },
      ...Object.fromEntries(
        peers.map((_, at) => [`${at === 0 ? "mx" : `mx${at}`}.pine.example`, { A: [`127.0.0.${at + 1}`] }]),
      ),
    }),
    openSession: (target, decision, rung, signal) =>
      openSession(
        { ...target, address: "127.0.0.1", port: peers[Number(target.address.at(-1)) - 1]?.port ?? 0 },
        decision,
        rung,
        {
          hostname: "mx1.rook.example",
          trust,
          clock: systemClock,
          gate,
          ...(signal === undefined ? {} : { signal }),
        },
      ),
    routes: [],
    policies: localPolicies([{ destination: "pine.example", level, mx: [namePattern(MX)] }]),
    hostname: domain("mx1.rook.example"),
    postmaster: { localPart: "postmaster", domain: domain("rook.example") },
    self: { names: [], addresses: [] },
    newQueueId: newId,
    signal: stop.signal,
  };
  const delivery = startDelivery(options);
  try {
    return await attempt.promise;
  } finally {
    stop.abort();
    await delivery.done;
  }
}

type Row = readonly [Behaviour, string, string, string];

/** What each attack leads to under may, encrypt and secure; "!" names the stage that was not passed. */
const ATTACKS: readonly Row[] = [
  ["good", "delivered may:encrypted", "delivered encrypt:encrypted", "delivered secure:webpki"],
  ["no-starttls", "delivered may:plaintext", "deferred encrypt:!starttls", "deferred secure:!starttls"],
  ["starttls-454", "delivered may:plaintext", "deferred encrypt:!starttls", "deferred secure:!starttls"],
  ["starttls-500", "delivered may:plaintext", "deferred encrypt:!starttls", "deferred secure:!starttls"],
  ["starttls-drop", "delivered may:plaintext", "deferred encrypt:!starttls", "deferred secure:!starttls"],
  ["plaintext-after-220", "delivered may:plaintext", "deferred encrypt:!handshake", "deferred secure:!handshake"],
  ["injection-after-220", "delivered may:plaintext", "deferred encrypt:!starttls", "deferred secure:!starttls"],
  ["ehlo-refused", "delivered may:plaintext", "deferred encrypt:!starttls", "deferred secure:!starttls"],
  ["reset-in-handshake", "delivered may:plaintext", "deferred encrypt:!handshake", "deferred secure:!handshake"],
  ["greeting-554", "failed may:!greeting", "deferred encrypt:!greeting", "deferred secure:!greeting"],
  ["greeting-421", "deferred may:!greeting", "deferred encrypt:!greeting", "deferred secure:!greeting"],
  ["silent-close", "deferred may:!greeting", "deferred encrypt:!greeting", "deferred secure:!greeting"],
  ["mail-451", "deferred may:encrypted", "deferred encrypt:encrypted", "deferred secure:webpki"],
  ["rcpt-450", "deferred may:encrypted", "deferred encrypt:encrypted", "deferred secure:webpki"],
  ["rcpt-550", "failed may:encrypted", "failed encrypt:encrypted", "failed secure:webpki"],
  ["data-554", "failed may:encrypted", "failed encrypt:encrypted", "failed secure:webpki"],
  ["drop-after-dot", "deferred may:encrypted", "deferred encrypt:encrypted", "deferred secure:webpki"],
];

for (const [behaviour, ...expected] of ATTACKS) {
  test(`delivery over real sockets to a host that does: ${behaviour} (RFC 3207 §4)`, async () => {
    const seen: string[] = [];
    for (const level of ["may", "encrypt", "secure"] as const) {
      await using peer = await startPeer(behaviour, CERTIFICATES.good);
      const line = await deliver([peer], level);
      seen.push(`${line.outcome} ${line.tls}`);
      if (level !== "may") {
        assert.equal(peer.clear, "");
        assert.ok(!peer.commands.includes("plain MAIL"), peer.commands.join());
      }
      if (line.outcome === "delivered") assert.deepEqual(peer.accepted, [BODY]);
      else assert.deepEqual(peer.accepted, []);
    }
    assert.deepEqual(seen, expected);
  });
}

test("delivery over real sockets: a host that ends TLS right after the handshake", async () => {
  for (const [level, outcome] of [
    ["may", "delivered may:plaintext"],
    ["encrypt", "deferred"],
    ["secure", "deferred"],
  ] as const) {
    await using peer = await startPeer("drop-after-handshake", CERTIFICATES.good);
    const line = await deliver([peer], level);
    // Which side sees the end first decides between the two stages.
    assert.match(`${line.outcome} ${line.tls}`, new RegExp(`^${outcome}`));
    if (level !== "may") assert.match(line.tls, /:!(?:handshake|second-hello)$/);
    assert.equal(peer.connections, level === "may" ? 3 : 2);
  }
});

/** Certificates against levels (RFC 9525 §6, RFC 5280 §6). */
test("delivery over real sockets: whose certificate is good enough for what", async () => {
  const rows: string[][] = [];
  for (const [name, certificate] of Object.entries(CERTIFICATES)) {
    const row = [name];
    for (const level of ["may", "encrypt", "secure"] as const) {
      await using peer = await startPeer("good", certificate);
      const line = await deliver([peer], level);
      row.push(`${line.outcome} ${line.tls}`);
      assert.equal(peer.clear, "");
    }
    rows.push(row);
  }
  const weak = ["delivered may:encrypted", "delivered encrypt:encrypted"];
  assert.deepEqual(rows, [
    ["good", ...weak, "delivered secure:webpki"],
    ["another name", ...weak, "deferred secure:!verify"],
    ["another CA", ...weak, "deferred secure:!verify"],
    ["expired", ...weak, "deferred secure:!verify"],
  ]);
});

test("delivery over real sockets: the line states version, cipher and group", async () => {
  await using peer = await startPeer("good", CERTIFICATES.good);
  const line = await deliver([peer], "secure");
  assert.equal(line.session?.version, "TLSv1.3");
  assert.match(line.session.cipher, /^TLS_(?:AES|CHACHA20)_/);
  assert.deepEqual(line.because, ['local: the local entry for pine.example says "secure"']);
  assert.equal(line.host, "mx.pine.example");
  assert.equal(line.enhanced, "2.6.0");
});

test("delivery over real sockets: a failing best host leads to the next, one named by nobody to none", async () => {
  await using bad = await startPeer("mail-451", CERTIFICATES.good);
  await using second = await startPeer("good", CERTIFICATES.good);
  const open = await deliver([bad, second], "may");
  assert.equal(`${open.outcome} ${open.host}`, "delivered mx1.pine.example");
  const strict = await deliver([bad, second], "secure");
  assert.equal(`${strict.outcome} ${strict.host}`, "deferred mx.pine.example");
  assert.equal(second.accepted.length, 1);
});
