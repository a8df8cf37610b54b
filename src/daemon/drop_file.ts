import { type Bytes, concat, err, fromUtf8, type Result, utf8 } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import type { LocalMessage } from "../submission/mod.ts";
import { localMessageOf, localMessageQuery } from "./control_json.ts";

/** The folder in which `sendmail` leaves messages for the daemon. */
export function dropFolder(config: Config): string {
  return config.drop_dir ?? `${config.data_dir}/drop`;
}

/** A message as it lies there: one line with the envelope, in the form of the control socket, then the content. */
export function dropFile(message: LocalMessage): Bytes {
  return concat([utf8(`${MARK}${localMessageQuery(message).toString()}\n`), message.content]);
}

/** Reads what anybody may have written there. */
export function readDropFile(file: Bytes): Result<LocalMessage, string> {
  const end = file.subarray(0, LONGEST_ENVELOPE).indexOf(LF);
  if (end < 0) return err("it has no line with the envelope");
  const line = fromUtf8(file.subarray(0, end));
  if (!line.startsWith(MARK)) return err("it is of another form or version");
  return localMessageOf(new URLSearchParams(line.slice(MARK.length)), file.subarray(end + 1));
}

/** Names of files under way begin with a dot; whole ones end so. */
export const DROPPED = ".drop";
/** What a file may have beyond the content. */
export const LONGEST_ENVELOPE = 1_000_000;
const MARK = "hopseal-drop-1 ";
const LF = 10;
