import { isIP } from "node:net";
import { type CheckIssue, type CheckWorld, error, warning } from "./issue.ts";
import type { Config, PolicyListConfig } from "./types.ts";

/** `[[policy_list]]`: keys that contradict each other, files that are not there, and lists nobody vouches for. */
export function checkPolicyLists({ policy_list }: Config, world: CheckWorld): CheckIssue[] {
  const seen = new Map<string, number>();
  return policy_list.flatMap((entry, at) => {
    const issues = [...checkOrigin(entry, at, world), ...checkKey(entry, at, world)];
    const first = seen.get(entry.name);
    if (first !== undefined) {
      issues.push(error(["policy_list", at, "name"], `${entry.name} is the name of policy_list.${first} already`));
    }
    seen.set(entry.name, first ?? at);
    if (entry.refresh > LONGEST_REFRESH) {
      issues.push(warning(["policy_list", at, "refresh"], "A list should be renewed every 48 h at least"));
    }
    if (entry.mode === "audit" && policy_list.slice(at + 1).some(({ mode }) => mode === "enforce")) {
      const what =
        "The first list that names a domain speaks, so this one lets nothing of later lists bind for its domains";
      issues.push(warning(["policy_list", at, "mode"], what));
    }
    return issues;
  });
}

function checkOrigin(
  { url, file, signature, networks, roots }: PolicyListConfig,
  at: number,
  world: CheckWorld,
): CheckIssue[] {
  const issues: CheckIssue[] = [];
  if (url !== undefined && file !== undefined) {
    issues.push(error(["policy_list", at, "file"], "A list comes from its url or from a file; give one of the two"));
  }
  if (url !== undefined) {
    issues.push(...checkUrl(url, ["policy_list", at, "url"]));
    if (signature !== undefined) issues.push(...checkUrl(signature, ["policy_list", at, "signature"]));
    if (roots !== "system" && roots !== "bundled" && !world.exists(roots)) {
      const what = `There is no file ${roots}; write "system", "bundled" or a PEM file`;
      issues.push(error(["policy_list", at, "roots"], what));
    }
  } else {
    if (networks.length > 0) issues.push(warning(["policy_list", at, "networks"], "This changes nothing without url"));
    if (file === undefined && signature !== undefined) {
      issues.push(error(["policy_list", at, "signature"], "This belongs to a url or file; there is none"));
    }
  }
  if (file !== undefined && !world.exists(file))
    issues.push(warning(["policy_list", at, "file"], `There is no file ${file}`));
  return issues;
}

function checkUrl(text: string, path: CheckIssue["path"]): CheckIssue[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== "https:")
    return [error(path, `${JSON.stringify(text)} is no https:// address`)];
  if (url.username !== "" || url.password !== "") return [error(path, "A user or password is not sent; leave it out")];
  // An address is no name that can be proved.
  const literal = url.hostname.startsWith("[") || isIP(url.hostname) !== 0;
  return literal ? [error(path, "The host must have a name that its certificate can prove")] : [];
}

function checkKey({ url, signature, key, fingerprint }: PolicyListConfig, at: number, world: CheckWorld): CheckIssue[] {
  const issues: CheckIssue[] = [];
  if ((key === undefined) !== (fingerprint === undefined)) {
    const what = "key and fingerprint belong together: the file, and which key of it is believed";
    issues.push(error(["policy_list", at, key === undefined ? "fingerprint" : "key"], what));
  }
  if (key !== undefined && !world.exists(key)) {
    issues.push(error(["policy_list", at, "key"], `There is no file ${key}`));
  }
  if (key === undefined && url !== undefined) {
    issues.push(
      error(["policy_list", at, "url"], "A list from elsewhere needs key and fingerprint: nobody else vouches for it"),
    );
  }
  if (key === undefined && signature !== undefined) {
    issues.push(error(["policy_list", at, "signature"], "A signature needs key and fingerprint"));
  }
  return issues;
}

/** STARTTLS Everywhere, USAGE. */
const LONGEST_REFRESH = 48 * 3_600_000;
