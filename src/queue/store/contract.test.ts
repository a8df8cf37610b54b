import { suite, test } from "node:test";
import type { Clock } from "../../base/mod.ts";
import type { Store } from "../port.ts";
import { claimingContract, exceptingContract, leasingContract, timingContract } from "./contract/claiming.test.ts";
import { type Lab, openLab } from "./contract/lab.test.ts";
import { filteringContract, operatingContract } from "./contract/operating.test.ts";
import { enqueueingContract, settlingContract } from "./contract/settling.test.ts";
import { committingContract, lastingContract, storingContract } from "./contract/storing.test.ts";

import { returningContract, tallyingContract } from "./contract/tallying.test.ts";

/** What the suite needs of a backend. */
export interface Backend {
  readonly name: string;
  /** It keeps what it has over a reopening; tests that need it are not added otherwise. */
  readonly lasting: boolean;
  /** Opens an empty store. */
  open(clock: Pick<Clock, "now">): Promise<OpenBackend>;
}

export interface OpenBackend {
  readonly store: Store;
  /** Ends the store as it is and opens it again over what it kept; absent when it keeps nothing. */
  readonly reopen?: () => Promise<Store>;
  /** Ends the store and removes everything. */
  readonly dispose: () => Promise<void>;
}

/** Adds one test; `lasting` means that the backend must keep what it has over a reopening. */
export type Check = (name: string, body: (lab: Lab) => Promise<void>, options?: { readonly lasting?: boolean }) => void;

/** What every backend of the queue must do; call it at the top of a test file. */
export function storeContract(backend: Backend): void {
  const check: Check = (name, body, options = {}) => {
    if (options.lasting === true && !backend.lasting) return;
    test(name, async () => {
      await using lab = await openLab(backend);
      await body(lab);
    });
  };
  suite(`store contract: ${backend.name}`, () => {
    storingContract(check);
    committingContract(check);
    lastingContract(check);
    claimingContract(check);
    exceptingContract(check);
    leasingContract(check);
    timingContract(check);
    settlingContract(check);
    enqueueingContract(check);
    operatingContract(check);
    filteringContract(check);
    tallyingContract(check);
    returningContract(check);
  });
}
