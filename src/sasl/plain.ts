import { err, ok, utf8 } from "../base/mod.ts";
import type { ClientExchange, ClientMechanism } from "./exchange.ts";
import { loginFault } from "./login_fault.ts";

/** Everything in one message: no authorisation identity, the user, the password (RFC 4616 §2). */
export const PLAIN: ClientMechanism = {
  name: "PLAIN",
  start(login) {
    const fault = loginFault(login);
    if (fault !== undefined) return err(fault);
    const exchange: ClientExchange = {
      initial: utf8(`\0${login.user}\0${login.password}`),
      next: () => err("the host asks for more than PLAIN has"),
    };
    return ok(exchange);
  },
};
