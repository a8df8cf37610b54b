import { formatMailbox, formatReversePath, type Notify } from "../mail/mod.ts";
import type { QueuedMessage } from "../queue/mod.ts";

/** The envelope of a message as `hopseal queue export --envelope` writes it: enough to hand it to another MTA. */
export interface EnvelopeJson {
  readonly version: 1;
  readonly id: string;
  /** ISO 8601. */
  readonly accepted: string;
  readonly from: string;
  /** Those that are neither delivered nor failed yet have state `pending`. */
  readonly recipients: readonly {
    readonly address: string;
    readonly state: string;
    readonly notify?: Notify;
    readonly original?: { readonly type: string; readonly address: string };
  }[];
  readonly body: string;
  readonly smtpUtf8: boolean;
  readonly dsn: { readonly ret?: "full" | "hdrs"; readonly envid?: string };
  readonly tls: { readonly level: string; readonly requireTls: boolean; readonly optional: boolean };
  readonly origin: { readonly kind: string; readonly client?: string; readonly helo?: string };
  readonly identity?: string;
}

export function envelopeJson(message: QueuedMessage): EnvelopeJson {
  const { envelope } = message;
  const states = new Map(message.units.flatMap((unit) => [...unit.recipients]));
  const { kind, client, helo } = envelope.origin;
  return {
    version: 1,
    id: message.id,
    accepted: new Date(message.acceptedAt).toISOString(),
    from: formatReversePath(envelope.reversePath),
    recipients: envelope.recipients.map(({ mailbox, notify, original }, at) => ({
      address: formatMailbox(mailbox),
      // The unit of a recipient that is not in any is finished and gone.
      state: states.get(at)?.kind ?? "done",
      ...(notify === undefined ? {} : { notify }),
      ...(original === undefined ? {} : { original }),
    })),
    body: envelope.body,
    smtpUtf8: envelope.smtpUtf8,
    dsn: envelope.dsn,
    tls: {
      level: envelope.demand.level,
      requireTls: envelope.demand.propagate,
      optional: envelope.demand.tlsOptional === true,
    },
    origin: { kind, ...(client === undefined ? {} : { client }), ...(helo === undefined ? {} : { helo }) },
    ...(envelope.identity === undefined ? {} : { identity: envelope.identity }),
  };
}
