import { alertOf, wrongAlert } from "../oracle/alert.ts";
import { classify, type Judged } from "../oracle/classify.ts";
import type { CellResult, Verdict } from "../types.ts";
import type { Expected } from "./expect.ts";
import type { Played } from "./play.ts";

/** One cell's result, in words that are the same in every run. */
export function judge(played: Played, expected: Expected): CellResult {
  const { cell, message, requireTls, says, notices, log, reason } = played;
  const { plan, record, names } = cell;
  const { mustNotAct } = plan.attack;
  const judged = classify({
    record,
    notices,
    log: log.join("\n"),
    canary: message.canary,
    bodyCanary: message.bodyCanary,
    requireTls,
    says,
    dialled: played.dialled,
    untold: (plan.attack.mustTell ?? []).filter((words) => !log.some((line) => line.includes(words))),
    ...(mustNotAct === undefined ? {} : { injected: mustNotAct }),
  });
  const words = wordsOf(judged.fault ?? reason, names.domains);
  const alert = alertOf(played, words);
  const wrong = expected.alert && wrongAlert(alert, expected.alert);
  return {
    row: plan.row,
    policy: plan.policy,
    variant: plan.variant,
    verdict: verdictOf(judged, played),
    expected: expected.verdict,
    ...(expected.corrected === undefined ? {} : { corrected: expected.corrected }),
    alert,
    ...(wrong === undefined ? {} : { wrongAlert: wrong }),
    reason: words,
    evidence: judged.evidence,
  };
}

function verdictOf({ outcome }: Judged, { cell: { plan }, attempts }: Played): Verdict {
  if (outcome !== "C") return outcome;
  if (attempts[0]?.outcome === "deferred") return "D→C";
  return plan.attack.mustNotAct !== undefined && plan.policy !== "P0" ? "C*" : "C";
}

/** The cell's domains by their marks, and no addresses, ports or keys, which are others in every run. */
function wordsOf(text: string, { T, E, P }: Played["cell"]["names"]["domains"]): string {
  return text
    .replaceAll(E, "E")
    .replaceAll(P, "P")
    .replaceAll(T, "T")
    .replaceAll(ADDRESS, "an address")
    .replaceAll(PORT, "a port")
    .replaceAll(KEY, "a key");
}

const ADDRESS = /\b(?:10|127)(?:\.\d{1,3}){3}\b/g;
const KEY = /\bkey \d+/g;
const PORT = /(?<=(?:port|address[: ]))\s?\d+/g;
