import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock, systemRandom } from "../../src/base/mod.ts";
import type { Answer } from "../../src/dns/answer.ts";
import { createTransport } from "../../src/dns/io/transport.ts";
import { nameOf } from "../../src/dns/wire/name.ts";
import { typeNumber } from "../../src/dns/wire/types.ts";
import { output } from "./dns-process.ts";

/** What a judge makes of a question, in words that every judge shares; `failure` is bogus or no answer. */
export type Opinion = `${"secure" | "insecure"} ${"data" | "nodata" | "nxdomain"}` | "failure";

export interface Judge {
  readonly name: string;
  ask(name: string, type: string): Promise<Opinion>;
  close(): void;
}

export function opinionOf(answer: Answer<unknown>): Opinion {
  return answer.kind === "failure" ? "failure" : `${answer.security} ${answer.kind}`;
}

/** A validating resolver's word: SERVFAIL, or AD or none. */
export function unboundJudge(port: number): Judge {
  const transport = createTransport({
    servers: [{ address: "127.0.0.1", port }],
    clock: systemClock,
    random: systemRandom,
  });
  return {
    name: "unbound",
    async ask(name, type) {
      const number = typeNumber(type) ?? 0;
      const reply = await transport.ask({ name: nameOf(name), type: number, cd: false });
      if (!reply.ok) return "failure";
      const { rcode, flags, answer } = reply.value;
      const kind = rcode === 3 ? "nxdomain" : answer.some((record) => record.type === number) ? "data" : "nodata";
      return `${flags.ad ? "secure" : "insecure"} ${kind}`;
    },
    close: () => transport.close(),
  };
}

/** BIND's own validator, which asks a resolver for the records and judges for itself. */
export async function delvJudge(
  world: { readonly folder: string; readonly rootKey: string },
  port: number,
): Promise<Judge> {
  const file = join(world.folder, "delv.anchors");
  const fields = world.rootKey.split(/\s+/);
  const at = fields.indexOf("DNSKEY");
  const key = `${fields.slice(at + 1, at + 4).join(" ")} "${fields.slice(at + 4).join("")}"`;
  await writeFile(file, `trust-anchors { . static-key ${key}; };\n`);
  return {
    name: "delv",
    async ask(name, type) {
      const args = ["@127.0.0.1", "-p", String(port), "-a", file, "+root=.", name === "" ? "." : `${name}.`, type];
      return readDelv(await output("delv", args, world.folder), type);
    },
    close: () => {},
  };
}

function readDelv(text: string, type: string): Opinion {
  const security = text.includes("fully validated") ? "secure" : "insecure";
  if (text.includes("ncache nxdomain")) return `${security} nxdomain`;
  if (text.includes("ncache nxrrset")) return `${security} nodata`;
  if (text.includes("resolution failed")) return "failure";
  const parts = [...text.matchAll(/^; (fully validated|unsigned answer)$/gm)].map(([, part]) => part);
  const data = new RegExp(`\\sIN\\s+${type}\\s`).test(text);
  const whole = parts.length > 0 && parts.every((part) => part === "fully validated") ? "secure" : "insecure";
  return `${whole} ${data ? "data" : "nodata"}`;
}
