import type { Config } from "../config/mod.ts";
import type { ServerLimits } from "../smtp/server/mod.ts";

/** What `[limits]` says of one session. */
export function sessionLimits({ limits, message_size }: Config): Partial<ServerLimits> {
  return {
    messageSize: message_size,
    recipients: limits.recipients,
    transactions: limits.transactions,
    junkCommands: limits.junk_commands,
    commandTime: limits.command_time,
    contentRate: limits.content_rate,
    contentGrace: limits.content_grace,
    handshakeTime: limits.handshake_time,
    connectionTime: limits.connection_time,
  };
}
