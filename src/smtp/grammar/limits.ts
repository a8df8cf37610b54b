/** The limits that a server declares; an absent one is not declared (RFC 9422 §4). */
export interface Limits {
  readonly mailMax?: number;
  readonly rcptMax?: number;
  readonly rcptDomainMax?: number;
}

/** Reads the parameters of the LIMITS keyword; malformed as a whole, it says nothing (RFC 9422 §3). */
export function parseLimits(parameters: readonly string[]): Limits {
  const found = new Map<string, number>();
  for (const parameter of parameters) {
    if (!LIMIT.test(parameter)) return {};
    const [name = "", value = ""] = parameter.split("=", 2);
    const field = FIELDS.get(name.toUpperCase());
    // RFC 9422 §4: a value that is not 1 to 999999 makes that one limit void.
    if (field !== undefined && COUNT.test(value)) found.set(field, Number(value));
  }
  return Object.fromEntries(found);
}

/** Writes the parameters of the LIMITS keyword. */
export function formatLimits(limits: Limits): string {
  const words: string[] = [];
  for (const [name, field] of FIELDS) {
    const value = limits[field];
    if (value !== undefined) words.push(`${name}=${value}`);
  }
  return words.join(" ");
}

const FIELDS = new Map<string, keyof Limits>([
  ["MAILMAX", "mailMax"],
  ["RCPTMAX", "rcptMax"],
  ["RCPTDOMAINMAX", "rcptDomainMax"],
]);
const LIMIT = /^[A-Za-z0-9_-]+(?:=[\x21-\x3a\x3c-\x7e]+)?$/;
const COUNT = /^[1-9]\d{0,5}$/;
