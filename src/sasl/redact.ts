import { base64Of } from "./base64.ts";
import type { Login } from "./exchange.ts";

/** What must not be repeated of a login, in the forms in which a server may echo it. */
export function secretsOf({ user, password }: Login): readonly string[] {
  const forms = [password, base64Of(password), base64Of(`\0${user}\0${password}`)];
  // The longest first, so that none is left in part.
  return forms.filter((form) => form !== "").sort((one, other) => other.length - one.length);
}

/** `text` with every secret replaced. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, HIDDEN), text);
}

const HIDDEN = "[hidden]";
