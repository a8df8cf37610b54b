import type { Admission } from "../../smtp/server/mod.ts";
import type { ParentCalls } from "./calls.ts";

/** The part of a parent that counts clients for one life of a worker. */
export interface AdmissionDesk extends Pick<ParentCalls, "enter" | "leave"> {
  /** The worker is dead, and nobody that it served is inside any more. */
  close(): void;
}

/** Keeps who was let in for a worker, so that its death lets all of them out; each exactly once. */
export function admissionDesk(admission: Admission): AdmissionDesk {
  const inside = new Map<string, number>();
  let closed = false;
  const out = (address: string): void => {
    const count = inside.get(address) ?? 0;
    if (count === 0) return;
    if (count === 1) inside.delete(address);
    else inside.set(address, count - 1);
    admission.leave(address);
  };
  return {
    async enter(address) {
      const status = await admission.enter(address);
      if (status !== undefined) return status;
      if (closed) admission.leave(address);
      else inside.set(address, (inside.get(address) ?? 0) + 1);
      return undefined;
    },
    leave: out,
    close() {
      closed = true;
      for (const [address, count] of inside) for (let left = count; left > 0; left--) admission.leave(address);
      inside.clear();
    },
  };
}
