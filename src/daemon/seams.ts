import type { Clock, Random, Result } from "../base/mod.ts";
import type { Resolver } from "../dns/mod.ts";
import type { Dial } from "../smtp/io/mod.ts";

/** What a test, the demo or the lab may put in place of the real thing. */
export interface Seams {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly resolver?: Resolver;
  readonly dial?: Dial;
  /** Called once the ports are bound and the keys are read, before anything is written; for giving up root. */
  readonly afterBind?: () => Result<void, string>;
}

/** A part that could not be had; its message is for the operator. */
export class StartFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartFailure";
  }
}
