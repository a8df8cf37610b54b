import { type Bytes, err, type Millis, type Result } from "../../base/mod.ts";
import { LARGEST_LIST } from "../sources/list-file.ts";
import type { StsTrouble } from "../types.ts";
import { getFile } from "./sts-http.ts";
import { openPolicyHost, type StsFetchOptions } from "./sts-fetch.ts";

/** As for MTA-STS; the port is that of the address. */
export type ListFetchOptions = Omit<StsFetchOptions, "port">;

/**
 * Fetches one file of a policy list over HTTPS: from public or permitted addresses alone, with a certificate for the name
 * in the address, without redirects, within a size and a time. Never rejects: what went wrong, an abort too, is the error.
 */
export async function fetchListFile(
  url: URL,
  options: ListFetchOptions,
  signal?: AbortSignal,
): Promise<Result<Bytes, string>> {
  const overtime = new AbortController();
  using _timer = options.clock.after(DEADLINE, () =>
    overtime.abort(new Error(`${url.href} did not come within ${DEADLINE / 1000} s`)),
  );
  const both = signal === undefined ? overtime.signal : AbortSignal.any([overtime.signal, signal]);
  const host = url.hostname;
  const port = url.port === "" ? HTTPS_PORT : Number(url.port);
  try {
    const opened = await openPolicyHost(host, { ...options, port }, both);
    if (!opened.ok) return said(url, opened.error);
    const path = url.pathname + url.search;
    const got = await getFile({ host: url.host, path, socket: opened.value, signal: both }, RULES);
    return got.ok ? got : said(url, got.error);
  } catch (error) {
    const reason: unknown = both.aborted ? both.reason : error;
    return said(url, { at: "fetch", detail: reason instanceof Error ? reason.message : String(reason) });
  }
}

function said(url: URL, { detail }: StsTrouble): Result<never, string> {
  return err(`${url.href} cannot be had: ${detail}`);
}

const HTTPS_PORT = 443;
const RULES = { largest: LARGEST_LIST, type: "application/json, text/plain, */*", strict: false } as const;
/** For the whole of one file. */
const DEADLINE: Millis = 180_000;
