import { edit } from "./apply.ts";
import type { Mutant } from "./types.ts";

/** Bugs of the server, about what clients may do to it. */
export const CLIENT_MUTANTS: readonly Mutant[] = [
  {
    id: "server-starttls-residue",
    bug: "What stands behind STARTTLS in clear is run inside TLS",
    edits: [
      edit(
        "smtp/server/line.ts",
        'if (behind && verb === "STARTTLS") return turn({ kind: "closed" }, ...leave(state), CUT);',
        "",
      ),
      edit(
        "smtp/server/line.ts",
        "if (behind && talksAhead(state, verb)) return",
        'if (behind && verb !== "STARTTLS" && talksAhead(state, verb)) return',
      ),
      edit(
        "smtp/io/server_connection.ts",
        "this.#runner.buffered === 0 && plain.readableLength === 0;",
        "this.#runner.buffered >= 0;",
      ),
    ],
    kills: [["A17"]],
  },
  {
    id: "server-state-into-tls",
    bug: "The server still knows inside TLS who said EHLO in clear",
    edits: [
      edit(
        "smtp/server/step.ts",
        "const { hello: _hello, identity: _identity, ...connection } = state.session.peer;",
        "const connection = state.session.peer;",
      ),
      edit(
        "smtp/server/step.ts",
        'return turn({ kind: "hello-expected", session: { ...state.session, peer, pipelining: false } });',
        "return turn(idle({ ...state.session, peer, pipelining: false }));",
      ),
    ],
    kills: [["A18"]],
  },
  {
    id: "server-new-keys-for-ever",
    bug: "A client may ask for new keys as often as it likes",
    edits: [edit("smtp/io/server_tls.ts", "const MOST_KEY_UPDATES = 64;", "const MOST_KEY_UPDATES = 1e9;")],
    kills: [["A20"]],
  },
  {
    id: "server-any-alpn",
    bug: "A handshake for HTTP is taken",
    edits: [
      edit(
        "smtp/io/server_tls.ts",
        "protocols.includes(ALPN) ? ALPN : undefined",
        "protocols.includes(ALPN) ? ALPN : protocols[0]",
      ),
    ],
    kills: [["K01"]],
  },
  {
    id: "server-tickets",
    bug: "Sessions can be resumed",
    edits: [
      edit(
        "tls/io/certificates.ts",
        "constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET;",
        "constants.SSL_OP_NO_RENEGOTIATION;",
      ),
    ],
    kills: [["K03"]],
  },
  {
    id: "server-speaks-http",
    bug: "A request of HTTP is an unknown command like any other",
    edits: [
      edit(
        "smtp/server/line.ts",
        "verb === undefined && FOREIGN.test(text)",
        'verb === undefined && FOREIGN.test(verb ?? "")',
      ),
    ],
    kills: [["K05"], ["K01"]],
  },
  {
    id: "server-lf-dot",
    bug: "A dot behind a bare LF ends the content",
    edits: [
      edit("smtp/grammar/data_decoder.ts", 'Buffer.from("\\r\\n.", "latin1")', 'Buffer.from("\\n.", "latin1")'),
      edit("smtp/grammar/data_decoder.ts", "at = stop + 2;", "at = stop + 1;"),
    ],
    kills: [["J01"]],
  },
  {
    id: "server-dot-behind-lf",
    bug: "Bare line ends are taken in content, and a dot behind one is taken off",
    edits: [
      edit("smtp/grammar/data_decoder.ts", 'Buffer.from("\\r\\n.", "latin1")', 'Buffer.from("\\n.", "latin1")'),
      edit("smtp/grammar/data_decoder.ts", "at = stop + 2;", "at = stop + 1;"),
      edit("smtp/server/content.ts", "if (facts.bareCrLf) return", "if (facts.bareCrLf && intake.size < 0) return"),
      edit("receive/content.ts", 'request.body !== "binarymime" ?', "request.body === undefined ?"),
    ],
    kills: [["J03"]],
  },
  {
    id: "server-bare-line-ends",
    bug: "Content with bare CR or LF is taken from clients",
    edits: [
      edit("smtp/server/content.ts", "if (facts.bareCrLf) return", "if (facts.bareCrLf && intake.size < 0) return"),
      edit("receive/content.ts", 'request.body !== "binarymime" ?', "request.body === undefined ?"),
    ],
    kills: [["J02"]],
  },
  {
    id: "server-talks-ahead",
    bug: "Who does not await replies is served all the same",
    edits: [
      edit(
        "smtp/server/line.ts",
        "if (behind && talksAhead(state, verb)) return",
        'if (behind && talksAhead(state, verb) && text === "") return',
      ),
    ],
    kills: [["J05"]],
  },
  {
    id: "server-state-after-refusal",
    bug: "After a refused message its transaction goes on",
    edits: [
      edit(
        "smtp/server/content.ts",
        "if (facts.bareCrLf) return turn(idle(session), ABORT, RESET, say(BARE_CR_LF));",
        'if (facts.bareCrLf) return turn({ kind: "in-transaction", session, transaction: { request: {} as Transaction["request"], accepted: 1, tried: true } }, ABORT, RESET, say(BARE_CR_LF));',
      ),
    ],
    kills: [["J06"]],
  },
  {
    id: "server-xtext-unseen",
    bug: "What xtext hides in ENVID is not looked at",
    edits: [
      edit(
        "smtp/grammar/parse_envelope.ts",
        "if (envid === undefined || !PRINTABLE.test(envid)) return",
        "if (envid === undefined) return",
      ),
    ],
    kills: [["J08"]],
  },
  {
    id: "server-hops-for-ever",
    bug: "A message may have passed any number of hops",
    edits: [edit("receive/loops.ts", "if (report.received > limits.hops)", "if (report.received < 0)")],
    kills: [["J12"], ["J06"]],
  },
  {
    id: "server-believes-proxies",
    bug: "PROXY is believed from anybody",
    edits: [
      edit(
        "smtp/io/server_accept.ts",
        "} else if (proxyFrom?.(address) === true) proxied(socket, address);",
        "} else if (proxyFrom !== undefined) proxied(socket, address);",
      ),
    ],
    kills: [["I10"]],
  },
  {
    id: "server-patient-commands",
    bug: "A command may take for ever",
    edits: [
      edit(
        "smtp/io/server_patience.ts",
        'return now + after <= ends ? { after, limit: "command-time" } : untilEnd(now);',
        "return untilEnd(now);",
      ),
    ],
    kills: [["L01"]],
  },
  {
    id: "server-patient-handshakes",
    bug: "A handshake may take for ever",
    edits: [
      edit(
        "smtp/io/server_patience.ts",
        'if (state === undefined) return { after: limits.handshakeTime, limit: "handshake-time" };',
        "if (state === undefined) return undefined;",
      ),
    ],
    kills: [["L06"]],
  },
  {
    id: "server-any-recipients",
    bug: "A message may have any number of recipients",
    edits: [
      edit(
        "smtp/server/envelope.ts",
        "if (transaction.accepted >= session.config.limits.recipients) return",
        "if (transaction.accepted < 0) return",
      ),
    ],
    kills: [["L05"]],
  },
  {
    id: "server-full-disk",
    bug: "Mail is taken while the disk is full",
    edits: [
      edit(
        "receive/room.ts",
        "(limit === undefined ? goOn() : shortOf(limit, client));",
        '(limit === undefined || client !== "" ? goOn() : shortOf(limit, client));',
      ),
    ],
    kills: [["L13"]],
  },
  {
    id: "server-unknown-recipients",
    bug: "Mail to recipients that do not exist is taken, and comes back to whoever its sender seems to be",
    edits: [
      edit(
        "receive/recipients.ts",
        "domainOf(rules, mailbox)?.exists(mailbox.localPart) ?? true",
        'mailbox.localPart !== "" || (domainOf(rules, mailbox)?.exists(mailbox.localPart) ?? true)',
      ),
    ],
    kills: [["J15"]],
  },
];
