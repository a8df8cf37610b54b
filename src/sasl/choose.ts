import type { ClientMechanism } from "./exchange.ts";
import { LOGIN } from "./login.ts";
import { PLAIN } from "./plain.ts";

/** The best mechanism that both sides have; `offered` in upper case. */
export function chooseMechanism(offered: readonly string[]): ClientMechanism | undefined {
  return MECHANISMS.find(({ name }) => offered.includes(name));
}

/** The best first. */
const MECHANISMS: readonly ClientMechanism[] = [PLAIN, LOGIN];
