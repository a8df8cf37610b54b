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
    /** The address as it was accepted, where an alias led from it to `address`. */
    readonly asked?: string;
    readonly state: string;
    readonly notify?: Notify;
    readonly original?: { readonly type: string; readonly address: string };
  }[];
  readonly body: string;
  readonly smtpUtf8: boolean;
  readonly dsn: { readonly ret?: "full" | "hdrs"; readonly envid?: string };
  readonly tls: {
    readonly level: string;
    readonly by?: readonly string[];
    readonly mx?: string;
    readonly requireTls: boolean;
    readonly optional: boolean;
  };
  readonly origin: { readonly kind: string; readonly client?: string; readonly helo?: string };
  readonly identity?: string;
}

export function envelopeJson(message: QueuedMessage): EnvelopeJson {
  const { envelope } = message;
  const states = new Map(message.units.flatMap((unit) => [...unit.recipients]));
  const { demand } = envelope;
  const { kind, client, helo } = envelope.origin;
  return {
    version: 1,
    id: message.id,
    accepted: new Date(message.acceptedAt).toISOString(),
    from: formatReversePath(envelope.reversePath),
    recipients: envelope.recipients.map(({ mailbox, asked, notify, original }, at) => ({
      address: formatMailbox(mailbox),
      ...(asked === undefined ? {} : { asked: formatMailbox(asked) }),
      // The unit of a recipient that is not in any is finished and gone.
      state: states.get(at)?.kind ?? "done",
      ...(notify === undefined ? {} : { notify }),
      ...(original === undefined ? {} : { original }),
    })),
    body: envelope.body,
    smtpUtf8: envelope.smtpUtf8,
    dsn: envelope.dsn,
    tls: {
      level: demand.level,
      ...(demand.by === undefined ? {} : { by: demand.by }),
      ...(demand.mxAuthentic === undefined ? {} : { mx: demand.mxAuthentic }),
      requireTls: demand.propagate,
      optional: demand.tlsOptional === true,
    },
    origin: { kind, ...(client === undefined ? {} : { client }), ...(helo === undefined ? {} : { helo }) },
    ...(envelope.identity === undefined ? {} : { identity: envelope.identity }),
  };
}
