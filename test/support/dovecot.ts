import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messagesIn, untilGreeted } from "./other-program.ts";
import { freePort } from "./port.ts";

export interface DovecotOptions {
  /** Users by address, with what each may have; everybody else is unknown. */
  readonly users: Readonly<Record<string, DovecotUser>>;
  /** The port of its LMTP; a free one unless given. */
  readonly port?: number;
  /** A full mailbox is refused for good, with 552 instead of 452. */
  readonly fullForGood?: boolean;
}

export interface DovecotUser {
  /** In clear; for the login of other programs. */
  readonly password?: string;
  /** In octets; without it there is no limit. */
  readonly quota?: number;
}

export interface RunningDovecot extends AsyncDisposable {
  /** LMTP on 127.0.0.1. */
  readonly port: number;
  /** LMTP on a unix socket. */
  readonly path: string;
  /** Dovecot's authentication socket, as Postfix asks for it. */
  readonly auth: string;
  /** What `user` has got, in no order, as it was stored. */
  messages(user: string): Promise<readonly Buffer[]>;
  log(): Promise<string>;
}

/** Starts a whole Dovecot of its own for LMTP and authentication; needs root, as Dovecot does. */
export async function startDovecot(options: DovecotOptions): Promise<RunningDovecot> {
  // A unix socket's path has room for about 100 octets.
  const directory = await mkdtemp(join(tmpdir(), "hs-dove-"));
  const port = options.port ?? (await freePort());
  const path = join(directory, "lmtp");
  await layOut(directory, options, { port, path });
  const child = spawn("dovecot", ["-F", "-c", join(directory, "dovecot.conf")], { stdio: "ignore" });
  const log = (): Promise<string> => readFile(join(directory, "log"), "utf8").catch(() => "");
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilGreeted({ name: "Dovecot", port }, () => child.exitCode);
  } catch (error) {
    const said = await log();
    await stop();
    throw new Error(said, { cause: error });
  }
  return {
    port,
    path,
    auth: join(directory, "auth"),
    messages: (user) => messagesIn(join(directory, "mail", user, "new")),
    log,
    [Symbol.asyncDispose]: stop,
  };
}

async function layOut(
  directory: string,
  { users, fullForGood = false }: DovecotOptions,
  place: { readonly port: number; readonly path: string },
): Promise<void> {
  await chmod(directory, 0o755);
  const mail = join(directory, "mail");
  await mkdir(mail);
  await chown(mail, NOBODY, NOBODY);
  const entries = Object.entries(users).map(([address, { password = "", quota }]) => {
    const rule = quota === undefined ? "" : `userdb_quota_rule=*:bytes=${quota}`;
    return `${address}:{PLAIN}${password}:${NOBODY}:${NOBODY}::${join(mail, address)}::${rule}\n`;
  });
  await writeFile(join(directory, "users"), entries.join(""), { mode: 0o644 });
  await writeFile(join(directory, "dovecot.conf"), configuration(directory, { ...place, fullForGood }));
}

function configuration(
  directory: string,
  { port, path, fullForGood }: { readonly port: number; readonly path: string; readonly fullForGood: boolean },
): string {
  const users = join(directory, "users");
  return `
base_dir = ${join(directory, "run")}
log_path = ${join(directory, "log")}
instance_name = ${directory.slice(directory.lastIndexOf("/") + 1)}
protocols = lmtp
listen = 127.0.0.1
ssl = no
first_valid_uid = ${NOBODY}
first_valid_gid = ${NOBODY}
mail_location = maildir:${join(directory, "mail")}/%u
mail_plugins = quota
mail_full_filesystem_access = no
hostname = dovecot.rook.example
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
auth_mechanisms = plain login
disable_plaintext_auth = no
recipient_delimiter =
quota_full_tempfail = ${fullForGood ? "no" : "yes"}
lmtp_rcpt_check_quota = no
passdb {
  driver = passwd-file
  args = username_format=%u ${users}
}
userdb {
  driver = passwd-file
  args = username_format=%u ${users}
}
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_grace = 0
}
protocol lmtp {
  mail_plugins = quota
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${port}
  }
  unix_listener ${path} {
    mode = 0666
  }
}
service auth {
  unix_listener ${join(directory, "auth")} {
    mode = 0666
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
`;
}

const NOBODY = 65534;
