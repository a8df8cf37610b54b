/** Prints one JSON document to standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
