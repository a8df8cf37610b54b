/** What one look-up may cost in cryptography, so that a zone cannot make its visitors work (CVE-2023-50387, CVE-2023-50868). */
export interface ValidationLimits {
  /** Signatures checked for one record set. A roll-over has two keys of two algorithms at most; KeyTrap has hundreds. */
  readonly signaturesPerSet: number;
  /** Keys of one tag and algorithm that are tried for one signature. Two equal tags happen by chance, five do not. */
  readonly keysPerTag: number;
  /** Signatures checked for one look-up with its whole chain; ten zones deep with eight aliases needs fewer than half. */
  readonly signaturesPerLookup: number;
  /** Of these, signatures that may turn out wrong. A sound zone has none, and a trap nothing else. */
  readonly failuresPerLookup: number;
  /** DS digests computed for one look-up. */
  readonly digestsPerLookup: number;
  /** Rounds of NSEC3 hashing for one look-up: every label of a longest name at the highest accepted iterations, twice. */
  readonly hashRoundsPerLookup: number;
  /** NSEC3 with more additional iterations proves nothing: the answer is insecure. Real zones ended at 0 to 50 (RFC 9276 §3.2). */
  readonly insecureIterations: number;
  /** With more than this the answer is refused; no zone has cause for it (RFC 9276 §3.2). */
  readonly refusedIterations: number;
}

/** What is left of the limits during one look-up. Spending is the one thing the pure core changes in place. */
export interface Budget {
  readonly limits: ValidationLimits;
  signatures: number;
  failures: number;
  digests: number;
  hashRounds: number;
}

export function newBudget(limits: ValidationLimits): Budget {
  return {
    limits,
    signatures: limits.signaturesPerLookup,
    failures: limits.failuresPerLookup,
    digests: limits.digestsPerLookup,
    hashRounds: limits.hashRoundsPerLookup,
  };
}

/** Takes `amount`; false, and nothing taken, when there is not so much left. */
export function spend(budget: Budget, kind: "signatures" | "failures" | "digests" | "hashRounds", amount = 1): boolean {
  if (budget[kind] < amount) return false;
  budget[kind] -= amount;
  return true;
}

export const STANDARD_LIMITS: ValidationLimits = {
  signaturesPerSet: 8,
  keysPerTag: 4,
  signaturesPerLookup: 64,
  failuresPerLookup: 16,
  digestsPerLookup: 128,
  hashRoundsPerLookup: 2 * 128 * 51,
  insecureIterations: 50,
  refusedIterations: 150,
};
