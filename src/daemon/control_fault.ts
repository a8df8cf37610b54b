import { unreachable } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import type { ControlFault } from "./control_client.ts";

export interface SubmitFault {
  readonly text: string;
  readonly again: boolean;
}

/** What to tell the operator when a daemon that runs did not do as it was asked. */
export function faultText(fault: Exclude<ControlFault, { kind: "not-running" }>, config: Config): string {
  switch (fault.kind) {
    case "not-allowed":
      return `You may not use the control socket in ${config.data_dir}`;
    case "refused":
      return refusal(fault).text;
    case "broken":
      return `The daemon does not answer: ${fault.detail}`;
    default:
      return unreachable(fault);
  }
}

export function refusal(fault: Extract<ControlFault, { kind: "refused" }>): SubmitFault {
  const said = (fault.body as { error?: unknown }).error;
  return { text: typeof said === "string" ? said : `The daemon answered ${fault.status}`, again: fault.status === 503 };
}
