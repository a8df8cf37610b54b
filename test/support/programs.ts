import { existsSync } from "node:fs";

// A user's PATH often lacks the folders of system programs; what `needs` finds there, `spawn` must find too.
process.env["PATH"] = [process.env["PATH"] ?? "", "/usr/local/sbin", "/usr/sbin", "/sbin"].join(":");

/**
 * The reason to skip a test that needs a program of the system, or false when it is there. The wording is what `.ci/run`
 * looks for: there, such a skip is a failure.
 */
export function needs(...programs: readonly string[]): string | false {
  const path = (process.env["PATH"] ?? "").split(":");
  const missing = programs.filter((program) => !path.some((folder) => existsSync(`${folder}/${program}`)));
  return missing.length === 0 ? false : `missing program: ${missing.join(", ")}`;
}
