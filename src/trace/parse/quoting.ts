/**
 * Comments that quote what the client chose: the envelope, the names in its certificate. Nothing that such a comment
 * seems to say of authentication or of a hand-over is the writer's.
 */
export function quotesClient(comment: string): boolean {
  return QUOTING.test(comment.slice(0, LONGEST));
}

/** The same for comments about TLS, where the writer's verdict on the certificate still counts. */
export function quotesEnvelope(comment: string): boolean {
  return ENVELOPE.test(comment.slice(0, LONGEST));
}

/** The sender that a comment names, or undefined. */
export function envelopeIn(comment: string): string | undefined {
  const parts = SENDER.exec(comment);
  return parts === null ? undefined : (parts[1] ?? parts[2] ?? "");
}

const LONGEST = 60;
const QUOTING = /^\s*(?:envelope-(?:from|sender)|mailfrom:|ORCPT|Client (?:CN|RPK|certificate))/i;
const ENVELOPE = /^\s*(?:envelope-(?:from|sender)|mailfrom:|ORCPT)/i;
const SENDER = /\b(?:envelope-(?:from|sender) |mailfrom:)(?:<([^<>]*)>|([^\s<>,)]*))/i;
