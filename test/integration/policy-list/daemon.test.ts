/**
 * The whole program with real sockets, a list that it fetches over HTTPS, and an attacker who answers for DNS and hosts:
 * who gets the mail, what the log says, over renewals, a restart and the end of the list.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createSecureContext } from "node:tls";
import { type Clock, type Instant, systemClock } from "../../../src/base/mod.ts";
import { policyText } from "../../../src/cli/policy-report.ts";
import { type Config, parseConfig } from "../../../src/config/mod.ts";
import { type Daemon, openPolicyLook, startDaemon } from "../../../src/daemon/mod.ts";
import { domain, NO_DEMAND, NULL_REVERSE_PATH } from "../../../src/mail/mod.ts";
import { type Events, subscribe } from "../../../src/observe/mod.ts";
import { tcpDialer } from "../../../src/smtp/io/mod.ts";
import { spkiSha256 } from "../../../src/tls/mod.ts";
import { testCa, type TestCa } from "../../support/certificates.ts";
import { listSigner, type ListSigner, listText } from "../../support/list-signer.ts";
import { type PolicyHost, policyHost } from "../../support/policy-host.ts";
import { staticResolver, type StaticZone } from "../../support/resolver.ts";
import { type Sink, startSink } from "../../support/sink.ts";

const DAY = 86_400_000;
const NOW = Date.now();

let ca: TestCa;
let folder: string;
let daneKey: Uint8Array | undefined;
let web: PolicyHost;
let signer: ListSigner;
const sinks = new Map<string, Sink>();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "hopseal-policy-list-"));
  [ca, web, signer] = await Promise.all([testCa(), policyHost(), listSigner()]);
  await writeFile(join(folder, "ca.pem"), ca.pem);
  for (const [name, certified] of [
    ["mx.pine.example", "mx.pine.example"],
    ["mx.oak.example", "mx.other.example"],
    ["mx.elm.example", "mx.other.example"],
    ["mx.sts.example", "mx.other.example"],
    ["mx.stsonly.example", "mx.stsonly.example"],
    ["mx.dane.example", "mx.other.example"],
    ["mx.evil.example", "mx.evil.example"],
  ] as const) {
    const certificate = await ca.issue([certified]);
    const context = createSecureContext({ cert: certificate.chain, key: certificate.key });
    if (name === "mx.dane.example") daneKey = spkiSha256(certificate.der);
    sinks.set(name, await startSink({ hostname: name, tls: { contextFor: () => context } }));
  }
  sinks.set("mx.bare.example", await startSink({ hostname: "mx.bare.example" }));
  for (const [name, mode] of [
    ["sts.example", "testing"],
    ["stsonly.example", "enforce"],
  ] as const) {
    const policy = `version: STSv1\nmode: ${mode}\nmx: mx.${name}\nmax_age: 86400\n`;
    web.behave(`mta-sts.${name}`, {
      certificate: await ca.issue([`mta-sts.${name}`]),
      answer: `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${policy.length}\r\n\r\n${policy}`,
    });
  }
});
after(async () => {
  for (const sink of sinks.values()) await sink[Symbol.asyncDispose]();
  await web[Symbol.asyncDispose]();
  await signer[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Puts a list and its signature on the HTTPS server. */
async function serve(name: string, issued: Instant, policies: Record<string, string>, ends?: Instant): Promise<void> {
  const octets = listText({ issued, policies, ...(ends === undefined ? {} : { ends }) });
  const signature = await signer.sign(octets, issued);
  web.behave(name, {
    certificate: await ca.issue([name]),
    answer: (socket) => {
      const head = web.requests(name).at(-1) ?? "";
      const body = head.startsWith("GET /policy.json.asc ") ? signature : octets;
      socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]));
    },
  });
}

function zone(): StaticZone {
  const names = ["pine.example", "oak.example", "elm.example", "bare.example", "plain.example"];
  const announced = ["sts.example", "stsonly.example"];
  const secure = (...records: readonly unknown[]) => ({ kind: "data", security: "secure", records }) as const;
  const of = (name: string): StaticZone => ({
    [name]: { MX: [{ preference: 10, exchange: name === "plain.example" ? "mx.evil.example" : `mx.${name}` }] },
    [`mx.${name}`]: { A: ["127.0.0.1"] },
  });
  return {
    ...Object.assign({}, ...[...names, ...announced].map(of)),
    ...Object.fromEntries(
      announced.flatMap((name) => [
        [`_mta-sts.${name}`, { TXT: ["v=STSv1; id=1;"] }],
        [`mta-sts.${name}`, { A: ["127.0.0.1"] }],
      ]),
    ),
    "dane.example": { MX: secure({ preference: 10, exchange: "mx.dane.example" }) },
    "mx.dane.example": { A: secure("127.0.0.1"), AAAA: { kind: "nodata", security: "secure" } },
    "_25._tcp.mx.dane.example": { TLSA: secure({ usage: 3, selector: 1, matching: 1, data: daneKey }) },
    "mx.evil.example": { A: ["127.0.0.1"] },
    "lists.example": { A: ["127.0.0.1"] },
  };
}

function configured(data: string, lists: string): Config {
  const text = `
hostname = "mx.rook.example"
data_dir = "${data}"
postmaster = "postmaster@rook.example"
[outbound]
networks = ["127.0.0.0/8"]
roots = "ca.pem"
[policy]
mta_sts_roots = "ca.pem"
mta_sts_networks = ["127.0.0.0/8"]
mta_sts_port = ${web.port}
${lists}`;
  const loaded = parseConfig(text, join(folder, "hopseal.toml"));
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.value.config;
}

function table(more = ""): string {
  return `[[policy_list]]
name = "ours"
url = "https://lists.example:${web.port}/policy.json"
key = "${signer.file}"
fingerprint = "${signer.fingerprint}"
networks = ["127.0.0.0/8"]
roots = "ca.pem"
${more}`;
}

async function start(config: Config, records: StaticZone, clock: Clock = systemClock): Promise<Daemon> {
  const dial = tcpDialer({ clock: systemClock });
  const started = await startDaemon(config, {
    clock,
    resolver: staticResolver(records),
    // Port 25 needs root; each host answers on a port of its own.
    dial: async (target, signal) => await dial({ ...target, port: sinks.get(target.host)?.port ?? 1 }, signal),
  });
  assert.ok(started.ok, started.ok ? "" : started.error);
  return started.value;
}

/** What the log says of one message to each domain. */
async function send(daemon: Daemon, ...names: readonly string[]): Promise<readonly string[]> {
  const done = Promise.withResolvers<void>();
  const lines = new Map<string, string>();
  using _listening = subscribe("hopseal:attempt", (event: Events["hopseal:attempt"]) => {
    lines.set(event.to, `${event.outcome} ${event.tls}`);
    if (lines.size === names.length) done.resolve();
  });
  for (const name of names) {
    const submitted = await daemon.operator.submit({
      from: NULL_REVERSE_PATH,
      to: [{ localPart: "bo", domain: domain(name) }],
      demand: "may",
      content: Buffer.from("Subject: x\r\n\r\nx\r\n"),
    });
    assert.ok(submitted.ok);
  }
  await done.promise;
  return names.map((name) => `${name} ${lines.get(`bo@${name}`) ?? ""}`);
}

/** Resolves with the next event of a name that fits. */
function heard(name: "hopseal:policy" | "hopseal:fault", fits: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    const listening = subscribe(name, ({ text }) => {
      if (!fits(text)) return;
      listening[Symbol.dispose]();
      resolve(text);
    });
  });
}

const LISTED = {
  "pine.example": "enforce mx.pine.example",
  "oak.example": "enforce .oak.example",
  "elm.example": "testing mx.elm.example",
  "bare.example": "enforce mx.bare.example",
  "sts.example": "enforce mx.sts.example",
  "stsonly.example": "enforce mx.elsewhere.example",
  "dane.example": "enforce mx.elsewhere.example",
};

test("a list is fetched over HTTPS and enforced; the destination's own word comes first; an attacker gets nothing", async () => {
  await serve("lists.example", NOW, LISTED);
  const config = configured("fetched", table());
  const inForce = heard("hopseal:policy", (text) => text.includes("is in force"));
  const daemon = await start(config, zone());
  try {
    assert.match(await inForce, /from https:\/\/lists\.example:\d+\/policy\.json is in force: 7 domains$/);
    const would = heard("hopseal:policy", (text) => text.includes("would not have got"));
    assert.deepEqual(
      await send(
        daemon,
        "pine.example",
        "oak.example",
        "elm.example",
        "bare.example",
        "sts.example",
        "stsonly.example",
        "dane.example",
        "plain.example",
      ),
      [
        // Named, and certified for its name.
        "pine.example delivered list:webpki",
        // Certified for another name.
        "oak.example deferred list:!verify",
        // The same, in testing.
        "elm.example delivered may:encrypted",
        // STARTTLS is not offered, or was taken away.
        "bare.example deferred list:!starttls",
        // A live MTA-STS policy in testing replaces the entry, and so does an enforced one that names another host.
        "sts.example delivered may:encrypted",
        "stsonly.example delivered sts:webpki",
        // TLSA records of a signed MX replace it.
        "dane.example delivered dane:dane",
        // Not listed.
        "plain.example delivered may:encrypted",
      ],
    );
    assert.match(
      await would,
      /^mx\.elm\.example would not have got the mail: the certificate is for "mx\.other\.example"/,
    );
  } finally {
    await daemon.stop();
  }
  // The list's host is gone, and DNS lies about pine.example: the stored list still names its hosts.
  const spoofed: StaticZone = {
    ...zone(),
    "lists.example": {},
    "pine.example": { MX: [{ preference: 10, exchange: "mx.evil.example" }] },
  };
  const again = await start(config, spoofed);
  try {
    assert.deepEqual(await send(again, "pine.example"), ["pine.example deferred list:!decision"]);
    assert.equal(sinks.get("mx.evil.example")?.caught.length, 1);
  } finally {
    await again.stop();
  }
});

test("an older list on the server is refused, a newer one taken at the next renewal, and its end changes nothing", async () => {
  await serve("lists.example", NOW, { "pine.example": "enforce mx.pine.example" }, NOW + 2 * DAY);
  const config = configured("renewed", table('refresh = "1 min"\n'));
  const clock = shifted();
  const first = heard("hopseal:policy", (text) => text.includes("is in force"));
  let daemon = await start(config, zone(), clock);
  try {
    await first;
    await serve("lists.example", NOW - 1000, {});
    const refused = heard("hopseal:fault", (text) => text.includes("it is older"));
    clock.hasten();
    await refused;
    await serve(
      "lists.example",
      NOW + 1000,
      { "pine.example": "enforce mx.pine.example mx2.pine.example" },
      NOW + 2 * DAY,
    );
    const weakened = heard("hopseal:policy", (text) => text.includes("protected less: pine.example"));
    clock.hasten();
    await weakened;
  } finally {
    await daemon.stop();
  }
  web.behave("lists.example", { certificate: await ca.issue(["lists.example"]), answer: "", refuse: true });
  const ended = heard("hopseal:fault", (text) => text.includes("and is still enforced"));
  // Another process has another clock; in the same one it would be a jump, and mail would wait.
  const later = shifted();
  later.by = 3 * DAY;
  daemon = await start(
    config,
    { ...zone(), "pine.example": { MX: [{ preference: 1, exchange: "mx.evil.example" }] } },
    later,
  );
  try {
    await ended;
    assert.deepEqual(await send(daemon, "pine.example"), ["pine.example deferred list:!decision"]);
  } finally {
    await daemon.stop();
  }
});

test("hopseal policy DOMAIN: what the list makes of the decision, row by row", async () => {
  await serve("lists.example", NOW, LISTED);
  const config = configured("looked", table());
  const audited = configured("looked", table('mode = "audit"\n'));
  const inForce = heard("hopseal:policy", (text) => text.includes("is in force"));
  const daemon = await start(config, zone());
  await inForce;
  await daemon.stop();
  const rows: readonly (readonly [string, Config, string, readonly string[]])[] = [
    [
      "enforced",
      config,
      "pine.example",
      [
        "wanted list",
        'because list: ours about pine.example says "enforce"',
        "attacker could choose among the hosts that ours names for pine.example",
      ],
    ],
    ["audited", audited, "pine.example", ["wanted may", 'because list: ours about pine.example says "enforce"']],
    ["in testing", config, "elm.example", ["wanted may", 'because list: ours about elm.example says "testing"']],
    ["a live MTA-STS policy in testing", config, "sts.example", ["wanted may", "list: MTA-STS comes before ours"]],
    ["a subdomain", config, "sub.pine.example", ["wanted may", "mta-sts: no MTA-STS record is published"]],
    ["not listed", config, "plain.example", ["wanted may", "mta-sts: no MTA-STS record is published"]],
  ];
  const records: StaticZone = {
    ...zone(),
    "sub.pine.example": { MX: [{ preference: 10, exchange: "mx.pine.example" }] },
  };
  for (const [is, of, name, wanted] of rows) {
    await using looking = await openPolicyLook(of, { resolver: staticResolver(records) });
    const looked = await looking.look({ localPart: "", domain: domain(name) }, NO_DEMAND);
    const lines = policyText({ domain: name, message: "may", looked }).map((line) =>
      line.trim().replaceAll(/ +/g, " "),
    );
    for (const line of wanted)
      assert.ok(
        lines.some((one) => one.startsWith(line)),
        `${is}: ${line} in\n${lines.join("\n")}`,
      );
    assert.deepEqual(looked.notes, []);
  }
});

interface ShiftedClock extends Clock {
  by: number;
  /** Lets whatever waits for a minute or two happen now. */
  hasten(): void;
}

/** The system's clock, which a test may set ahead, and whose timers of a minute or two may be fired early. */
function shifted(): ShiftedClock {
  const waiting = new Set<{ fire: () => void }>();
  const clock: ShiftedClock = {
    by: 0,
    now: () => systemClock.now() + clock.by,
    monotonic: () => systemClock.monotonic(),
    after(delay, fn) {
      const timer = systemClock.after(delay, () => fire());
      const entry = { fire: () => fire() };
      const fire = (): void => {
        waiting.delete(entry);
        timer[Symbol.dispose]();
        fn();
      };
      if (delay >= 60_000 && delay < 70_000) waiting.add(entry);
      return {
        [Symbol.dispose]() {
          waiting.delete(entry);
          timer[Symbol.dispose]();
        },
      };
    },
    hasten() {
      for (const { fire } of Array.from(waiting)) fire();
    },
  };
  return clock;
}
