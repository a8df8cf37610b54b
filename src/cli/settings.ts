import { existsSync } from "node:fs";
import { formatIssue, type Loaded, loadConfig } from "../config/mod.ts";
import { CommandFailure, EXIT } from "./exit.ts";

/** The configuration named with `-c`, or the first of the usual places that is there; ends the command when it has errors. */
export function requireConfig(named: string | undefined): Loaded {
  const file = named ?? PLACES.find((place) => existsSync(place));
  if (file === undefined) {
    throw new CommandFailure(`There is no configuration in ${PLACES.join(" or ")}; name one with -c FILE`, EXIT.usage);
  }
  const loaded = loadConfig(file);
  if (loaded.ok) return loaded.value;
  throw new CommandFailure(loaded.error.issues.map((issue) => formatIssue(loaded.error.file, issue)).join("\n"));
}

const PLACES: readonly string[] = ["hopseal.toml", "/etc/hopseal/hopseal.toml"];
