import { NO_DEMAND, type TlsDemand } from "../../src/mail/mod.ts";
import { type LocalPolicies, localPolicies, type Taking } from "../../src/policy/mod.ts";
import { AS_PUBLISHED } from "../../src/policy/precedence.ts";
import type { Row } from "./policy-row.ts";
import type { Placed } from "./policy-world.ts";

export function takingOf(row: Row | undefined): Taking {
  return { ...AS_PUBLISHED, ...row?.taking };
}

export function demandOf({ demand }: Row): TlsDemand {
  return { ...NO_DEMAND, ...demand };
}

export function recipientDomain({ row, name }: Placed): string {
  return name(row.to ?? "S");
}

/** The local entries of all rows, with their names spelt out. */
export function policiesOf(group: readonly Placed[]): LocalPolicies {
  return localPolicies(
    group.flatMap(({ row: { local }, name }) => {
      if (local === undefined) return [];
      const { mx, destination = "S", ...more } = local;
      const names = mx === undefined ? {} : { mx: mx.map((one) => name(one) as typeof one) };
      return [{ ...more, ...names, destination: name(destination) }];
    }),
  );
}
