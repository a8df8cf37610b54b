import type { Notify } from "../mail/mod.ts";
import type { LocalMessage } from "../submission/mod.ts";

type Dsn = NonNullable<LocalMessage["dsn"]>;

/** Puts the wishes about notices into a query, as `notify`, `ret` and `envid` (RFC 3461 §4). */
export function writeDsn(dsn: Dsn | undefined, query: URLSearchParams): void {
  if (dsn?.notify !== undefined) query.set("notify", dsn.notify === "never" ? "never" : dsn.notify.join(","));
  if (dsn?.ret !== undefined) query.set("ret", dsn.ret);
  if (dsn?.envid !== undefined) query.set("envid", dsn.envid);
}

/** The wishes that stand in a query; words that mean nothing are passed over. */
export function readDsn(query: URLSearchParams): Dsn {
  const words = query.get("notify")?.split(",");
  const notify: Notify | undefined = words?.includes("never") === true ? "never" : words?.filter(isEvent);
  const ret = query.get("ret");
  const envid = query.get("envid");
  return {
    ...(notify === undefined || notify.length === 0 ? {} : { notify }),
    ...(ret === "full" || ret === "hdrs" ? { ret } : {}),
    ...(envid === null || envid === "" ? {} : { envid }),
  };
}

function isEvent(word: string): word is Exclude<Notify, "never">[number] {
  return word === "success" || word === "failure" || word === "delay";
}
