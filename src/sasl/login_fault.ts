import { utf8 } from "../base/mod.ts";
import type { Login } from "./exchange.ts";

/** What makes a login impossible to send, or undefined: both parts must have a character, and none may be NUL (RFC 4616 §2). */
export function loginFault({ user, password }: Login): string | undefined {
  if (user === "") return "the user name is empty";
  if (password === "") return "the password is empty";
  if (user.includes("\0")) return "the user name has a NUL";
  if (password.includes("\0")) return "the password has a NUL";
  if (!user.isWellFormed() || !password.isWellFormed()) return "the login is not well-formed Unicode";
  if (utf8(user + password).length > LONGEST_LOGIN) return `the login has more than ${LONGEST_LOGIN} octets`;
  return undefined;
}

/** So that every message of every mechanism fits into one line (RFC 4954 §4). */
const LONGEST_LOGIN = 8192;
