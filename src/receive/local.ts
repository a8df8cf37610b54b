import { type Bytes, err, ok, type Result } from "../base/mod.ts";
import type { Original } from "../dsn/mod.ts";
import { headerScanner, type Mailbox, type Notify, type ReversePath } from "../mail/mod.ts";
import { finality, type Status, statusOf } from "../status/mod.ts";
import { type Copy, copiesOf } from "./copies.ts";
import { senderBehind } from "./forwarding.ts";
import { gather, type GatherOptions } from "./gather.ts";
import { judgeHeader } from "./loops.ts";
import { type Refused, type Telling, tellExpanded, tellRefused } from "./notice.ts";

/** Who hands a message in on this machine, and for whom. */
export interface LocalSending {
  readonly from: ReversePath;
  readonly to: readonly Mailbox[];
  /** For every recipient. */
  readonly notify?: Notify;
}

/** What is queued of such a message. */
export interface Expansion {
  /** At least one; each is a message of its own. */
  readonly copies: readonly Copy[];
  /** Why content with this header goes no further. */
  judge(content: Bytes): Status | undefined;
  /** Queues the notices about aliases of several addresses, and about recipients that were refused; never rejects. */
  tell(original: Original): Promise<void>;
}

export interface LocalOptions
  extends Omit<GatherOptions, "limits">,
    Omit<Telling, "clock" | "reversePath" | "expanded" | "origin"> {
  readonly limits: { readonly headerFields: number; readonly hops: number; readonly expandedRecipients: number };
}

/**
 * The same rules for local mail as for what comes by SMTP: aliases, forwarding, loops, and the notice about them. Recipients
 * that are not to be had are told of by a notice where others are; the error is about all of them, or will pass.
 */
export async function expandLocal(
  { from, to, notify }: LocalSending,
  options: LocalOptions,
): Promise<Result<Expansion, Status>> {
  const { rules, srs, limits } = options;
  const gathered = gather(from, options);
  const refused: Refused[] = [];
  const wishes = notify === undefined ? {} : { notify };
  for (const mailbox of to) {
    const status = await gathered.add({ path: { kind: "mailbox", mailbox }, ...wishes });
    // Who comes again with as many gets no further.
    if (status.cause === "too-many-recipients") return err(statusOf("policy-refused", TOO_MANY));
    if (finality(status) === "transient") return err(status);
    if (finality(status) === "permanent") refused.push({ recipient: { mailbox, ...wishes }, status });
  }
  const entries = gathered.entries();
  const [first] = refused;
  if (entries.length === 0 && first !== undefined) return err(first.status);
  const forwarding = { rules, secrets: srs, at: options.clock.now() };
  return ok({
    copies: copiesOf(entries, from, (forwarder) => senderBehind(from, forwarder, forwarding)),
    judge(content) {
      const header = headerScanner({ collect: ["delivered-to"], maxFields: limits.headerFields });
      header.push(content);
      header.end();
      return judgeHeader(header.result(), { rules, limits, entries });
    },
    async tell(original) {
      const telling: Telling = {
        ...options,
        reversePath: from,
        expanded: gathered.expanded(),
        origin: { kind: "local" },
      };
      await tellExpanded(telling, original);
      await tellRefused(telling, refused, original);
    },
  });
}

const TOO_MANY = "The message has more recipients than one message may have here; send it in parts";
