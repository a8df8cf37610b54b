import { type Bytes, err, fromUtf8, ok, type Result } from "../../base/mod.ts";

/** Fields by lower-case name, unfolded and trimmed, in order. */
export type Fields = ReadonlyMap<string, readonly string[]>;

/** The lines of some content without their ends (CRLF or LF); the last one only when it is not empty. */
export function* linesOf(content: Bytes): Iterable<Bytes> {
  for (let at = 0; at < content.length; ) {
    const lf = content.indexOf(LF, at);
    const end = lf < 0 ? content.length : lf;
    yield content.subarray(at, end > at && lf >= 0 && content[end - 1] === CR ? end - 1 : end);
    at = end + 1;
  }
}

/** Groups of fields with empty lines between them (RFC 3464 §2.1). Every line must be a field or continue one. */
export function fieldGroups(content: Bytes): Result<readonly Fields[], string> {
  const groups: Map<string, string[]>[] = [];
  let group: Map<string, string[]> | undefined;
  let open: { readonly values: string[]; readonly pieces: string[] } | undefined;
  const close = (): void => {
    open?.values.push(open.pieces.join("").trim());
    open = undefined;
  };
  let fields = 0;
  for (const line of linesOf(content)) {
    const text = fromUtf8(line);
    if (text === "") {
      close();
      group = undefined;
    } else if (text.startsWith(" ") || text.startsWith("\t")) {
      if (open === undefined) return err("a line of its status continues nothing");
      open.pieces.push(text);
    } else {
      close();
      const parsed = FIELD.exec(text);
      if (parsed === null) return err(`a line of its status is no field: ${JSON.stringify(text.slice(0, SHOWN))}`);
      if (++fields > MOST_FIELDS) return err(`its status has more than ${MOST_FIELDS} fields`);
      if (group === undefined) groups.push((group = new Map()));
      const name = (parsed[1] ?? "").toLowerCase();
      const values = group.get(name) ?? [];
      group.set(name, values);
      open = { values, pieces: [parsed[2] ?? ""] };
    }
  }
  close();
  return ok(groups);
}

const CR = 0x0d;
const LF = 0x0a;
const FIELD = /^([!-9;-~]{1,200})[ \t]{0,100}:(.*)$/s;
const SHOWN = 60;
const MOST_FIELDS = 100_000;
