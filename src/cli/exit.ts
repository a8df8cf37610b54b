/** Exit status of every command; the last two are those of sysexits that mail tools expect. */
export const EXIT = { ok: 0, finding: 1, usage: 2, tryAgain: 75 } as const;

/** Ends a command with a message for people; thrown by commands, printed once by `main`. */
export class CommandFailure extends Error {
  readonly status: number;
  constructor(message: string, status: number = EXIT.finding) {
    super(message);
    this.name = "CommandFailure";
    this.status = status;
  }
}
