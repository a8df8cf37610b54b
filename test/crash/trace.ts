/** One finished system call of an strace log, or one that never finished. */
export interface Syscall {
  readonly name: string;
  /** The arguments as strace prints them; with -y, files stand after their descriptors as <path>. */
  readonly args: string;
  /** As strace prints it: a number, or -1 with the error's name; "?" when it never returned. */
  readonly result: string;
}

/**
 * Reads an strace log (-f, one file). Calls are in order of their return, except writes, which are in order of their
 * beginning: so a sync counts only when it is over, and an acknowledgement from the moment it may be seen.
 */
export function readTrace(log: string): Syscall[] {
  const calls: Syscall[] = [];
  const open = new Map<string, { name: string; args: string; at: number | undefined }>();
  for (const line of log.split("\n")) {
    const whole = WHOLE.exec(line);
    if (whole !== null) {
      const [, , name = "", args = "", result = ""] = whole;
      calls.push({ name, args, result });
      continue;
    }
    const begun = BEGUN.exec(line);
    if (begun !== null) {
      const [, thread = "", name = "", args = ""] = begun;
      const early = name.includes("write");
      open.set(thread, { name, args, at: early ? calls.push({ name, args, result: "?" }) - 1 : undefined });
      continue;
    }
    const ended = ENDED.exec(line);
    const [, thread = "", args = "", result = ""] = ended ?? [];
    const call = open.get(thread);
    if (call === undefined) continue;
    open.delete(thread);
    const complete = { name: call.name, args: call.args + args, result };
    if (call.at === undefined) calls.push(complete);
    else calls[call.at] = complete;
  }
  return calls;
}

const WHOLE = /^(\d+) +(\w+)\((.*)\) += (.*)$/;
const BEGUN = /^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$/;
const ENDED = /^(\d+) +<\.\.\. \w+ resumed>(.*)\) += (.*)$/;
