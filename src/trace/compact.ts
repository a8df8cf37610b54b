type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

/** `parts` without the members that are undefined. */
export function compact<T extends object>(parts: Loose<T>): T {
  const result: Record<string, unknown> = {};
  for (const key in parts) if (parts[key] !== undefined) result[key] = parts[key];
  return result as T;
}
