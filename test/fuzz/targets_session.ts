import type { Target } from "./fuzz.ts";
import { playSession } from "./session.ts";
import { corpusOf, wordsOf } from "./seeds.ts";

const MAIL = "MAIL FROM:<ada@pine.example>\r\nRCPT TO:<bo@rook.example>\r\n";

/** The machine of the server, with a model of what must hold whatever a client says. */
export const SESSION_TARGETS: readonly Target[] = [
  {
    name: "session of the server",
    files: [
      "server/step.ts",
      "server/_turn.ts",
      "server/line.ts",
      "server/hello.ts",
      "server/envelope.ts",
      "server/content.ts",
      "server/other.ts",
      "server/junk.ts",
      "server/pipelining.ts",
      "server/verbs.ts",
      "server/state.ts",
    ],
    seeds: [
      ...corpusOf("smtp", ".raw"),
      `EHLO a\r\n${MAIL}DATA\r\nx\r\n..y\r\n.\r\nQUIT\r\n`,
      `EHLO a\r\n${MAIL}BDAT 3\r\nabcBDAT 2 LAST\r\ndeQUIT\r\n`,
      "EHLO a\r\nMAIL FROM:<no@pine.example>\r\nMAIL FROM:<>\r\nRCPT TO:<no@x>\r\nRCPT TO:<bo@x>\r\nRSET\r\nDATA\r\n",
      `EHLO a\r\nSTARTTLS\r\nEHLO b\r\n${MAIL}BDAT 3000\r\n${"z".repeat(3000)}BDAT 0 LAST\r\nNOOP\r\n`,
      "HELO a\r\nVRFY x\r\nHELP\r\nEXPN\r\nNOOP\r\nAUTH PLAIN AGEAYg==\r\nTURN\r\n",
    ],
    words: [
      ...wordsOf("smtp/smtp.dict"),
      MAIL,
      "DATA\r\n",
      ".\r\n",
      "BDAT 3\r\n",
      "BDAT 0 LAST\r\n",
      "RSET\r\n",
      "STARTTLS\r\n",
      "no@",
      "SIZE=3000",
    ],
    // A reply for each line.
    within: 30,
    read: (octets) => playSession([octets]),
    readInChunks: playSession,
  },
];
