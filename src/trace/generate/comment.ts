export interface CommentOptions {
  /** Characters beyond ASCII may stand as they are. */
  readonly utf8: boolean;
  /** Most characters of `text` that are kept. */
  readonly limit: number;
}

/** A comment that holds `text` and nothing else, whatever `text` is (RFC 5322 §3.2.2). */
export function comment(text: string, options: CommentOptions): string {
  return `(${commentText(text, options)})`;
}

/**
 * `text` made safe for the inside of a comment: controls and invisible characters go, parentheses and backslashes are
 * quoted, what ASCII cannot say becomes "?", and white space at the ends goes.
 */
export function commentText(text: string, options: CommentOptions): string {
  const bounded = Array.from(text.slice(0, options.limit * 2).toWellFormed())
    .slice(0, options.limit)
    .join("");
  const visible = bounded.replace(INVISIBLE, "");
  const spoken = options.utf8 ? visible : visible.replace(NOT_ASCII, "?");
  return spoken.trim().replace(NEEDS_BACKSLASH, "\\$&");
}

/** Controls, format characters (bidirectional marks), surrogates, and every white space but the plain blank. */
const INVISIBLE = /\p{C}|(?! )\p{Z}/gu;
const NOT_ASCII = /[^\x20-\x7e]/gu;
const NEEDS_BACKSLASH = /[()\\]/g;
