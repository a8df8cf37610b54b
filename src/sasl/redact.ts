import { base64Of, encodeBase64 } from "./base64.ts";
import type { ClientExchange, Login } from "./exchange.ts";

/** What must not be repeated of a login, in the forms in which a server may echo it. */
export function secretsOf({ password }: Login, { initial }: ClientExchange): readonly string[] {
  const forms = [password, base64Of(password), ...(initial === undefined ? [] : [encodeBase64(initial)])];
  // The longest first, so that none is left in part.
  return forms.filter((form) => form !== "").sort((one, other) => other.length - one.length);
}

/** `text` with every secret replaced. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, HIDDEN), text);
}

const HIDDEN = "[hidden]";
