import { execFileSync } from "node:child_process";
import { err, ok, type Result } from "../base/mod.ts";

/** Gives up root, groups included, for the user that is configured; does nothing for who is not root, or without one. */
export function dropPrivileges(user: string | undefined): Result<void, string> {
  if (user === undefined || process.getuid?.() !== 0) return ok(undefined);
  try {
    const group = Number(
      execFileSync("id", ["-g", "--", user], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
    );
    process.setgroups?.([group]);
    process.setgid?.(group);
    process.setuid?.(user);
    return ok(undefined);
  } catch (error) {
    return err(
      `Cannot become the user ${JSON.stringify(user)}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
