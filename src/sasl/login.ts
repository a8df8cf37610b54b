import { err, ok, utf8 } from "../base/mod.ts";
import type { ClientExchange, ClientMechanism } from "./exchange.ts";
import { loginFault } from "./login_fault.ts";

/** User and password, each to a prompt whose words mean nothing; for servers without PLAIN. */
export const LOGIN: ClientMechanism = {
  name: "LOGIN",
  start(login) {
    const fault = loginFault(login);
    if (fault !== undefined) return err(fault);
    const done: ClientExchange = { next: () => err("the host asks for more than LOGIN has") };
    const second: ClientExchange = { next: () => ok({ response: utf8(login.password), rest: done }) };
    const first: ClientExchange = { next: () => ok({ response: utf8(login.user), rest: second }) };
    return ok(first);
  },
};
