/** A check of one value read back from disk: undefined when it is right, otherwise where and what is wrong. */
export type Shape = (value: unknown, path: string) => string | undefined;

export const text: Shape = (value, path) => (typeof value === "string" ? undefined : `${path} is no text`);
export const flag: Shape = (value, path) =>
  typeof value === "boolean" ? undefined : `${path} is neither true nor false`;
export const whole: Shape = (value, path) => (Number.isSafeInteger(value) ? undefined : `${path} is no whole number`);
export const finite: Shape = (value, path) => (Number.isFinite(value) ? undefined : `${path} is no number`);

export function matching(test: (value: string) => boolean, what: string): Shape {
  return (value, path) => (typeof value === "string" && test(value) ? undefined : `${path} is no ${what}`);
}

export function oneOf(...values: readonly string[]): Shape {
  return (value, path) => (values.includes(value as string) ? undefined : `${path} is none of ${values.join(", ")}`);
}

/** The value may be absent. */
export function maybe(shape: Shape): Shape {
  return (value, path) => (value === undefined ? undefined : shape(value, path));
}

export function either(left: Shape, right: Shape): Shape {
  return (value, path) => (left(value, path) === undefined ? undefined : right(value, path));
}

export function listOf(shape: Shape): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} is no list`;
    for (const [at, item] of value.entries()) {
      const fault = shape(item, `${path}[${at}]`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

/** An object with these members; others are kept as they are. */
export function record(members: Readonly<Record<string, Shape>>): Shape {
  const entries = Object.entries(members);
  return (value, path) => {
    if (!isObject(value)) return `${path} is no object`;
    for (const [name, shape] of entries) {
      const fault = shape(value[name], `${path}.${name}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

/** One of several objects, told apart by `kind`. */
export function variant(kinds: Readonly<Record<string, Readonly<Record<string, Shape>>>>): Shape {
  const shapes = new Map(Object.entries(kinds).map(([kind, members]) => [kind, record(members)]));
  return (value, path) => {
    if (!isObject(value)) return `${path} is no object`;
    const shape = shapes.get(String(value["kind"]));
    return shape === undefined ? `${path}.kind is unknown` : shape(value, path);
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
