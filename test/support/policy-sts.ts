import type { Domain } from "../../src/mail/mod.ts";
import { mint, type Minted, PURPOSE, toPem } from "./mint.ts";
import type { PolicyHost } from "./policy-host.ts";
import type { StsPlan } from "./policy-row.ts";

/** The records that announce a policy, one a line. */
export function announce(policyDomain: string, { txt = GOOD_TXT, sick }: StsPlan): readonly string[] {
  const record = txt === null ? [] : [`_mta-sts.${policyDomain} TXT "${txt}"`];
  return [...record, `mta-sts.${policyDomain} A ${sick === "down" ? "127.0.0.9" : "127.0.0.1"}`];
}

/** Has the policy host of a domain answer as planned, under the root that everybody trusts. */
export function serveSts(
  web: PolicyHost,
  own: Domain,
  { serves, sick }: StsPlan,
  by: { readonly roots: { readonly root: Minted; readonly stranger: Minted }; name(text: string): string },
): void {
  const text = serves === undefined ? "" : stsText(serves, by.name);
  const type = sick === "html" ? "text/html" : "text/plain";
  const status = serves === undefined || sick === "404" ? "404 Not Found" : "200 OK";
  const body = sick === "garbage" ? "no policy at all" : text;
  const head = `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
  web.behave(`mta-sts.${own}`, { certificate: certificateFor(own, sick, by.roots), answer: head + body });
}

/** The text of a policy from e.g. "enforce mx.S *.mail.S". */
export function stsText(plan: string, name: (text: string) => string): string {
  const [mode = "", ...hosts] = plan.split(" ");
  const lines = ["version: STSv1", `mode: ${mode}`, ...hosts.map((host) => `mx: ${name(host)}`), "max_age: 86400"];
  return `${lines.join("\r\n")}\r\n`;
}

function certificateFor(
  own: Domain,
  sick: StsPlan["sick"],
  { root, stranger }: { readonly root: Minted; readonly stranger: Minted },
): { readonly chain: string; readonly key: string; readonly der: Uint8Array } {
  const leaf = mint({
    issuer: sick === "unknown CA" ? stranger : root,
    names: [sick === "wrong name" ? own : `mta-sts.${own}`],
    purposes: [PURPOSE.serverAuth],
    ...(sick === "expired" ? { notBefore: new Date(0), notAfter: new Date(86_400_000) } : {}),
  });
  const key = leaf.keys.privateKey.export({ type: "pkcs8", format: "pem" });
  return { chain: toPem(leaf.der), key, der: leaf.der };
}

const GOOD_TXT = "v=STSv1; id=1;";
