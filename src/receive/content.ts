import { type Bytes, concat, utf8 } from "../base/mod.ts";
import { type ContentFacts, formatMailbox, headerScanner, TLS_REQUIRED, withHeader } from "../mail/mod.ts";
import { type BodySink, type QueueId, storeFault } from "../queue/mod.ts";
import type { ContentSink } from "../smtp/server/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { type Copy, copiesOf } from "./copies.ts";
import { senderBehind } from "./forwarding.ts";
import { judgeHeader } from "./loops.ts";
import { LONGEST_START } from "./notice.ts";
import { queueCopies } from "./queue.ts";
import type { Draft } from "./transaction.ts";

/** A copy on its way into the store. */
export interface StagedCopy {
  readonly id: QueueId;
  readonly copy: Copy;
  readonly sink: BodySink;
  /** What stands before the content as it came. */
  readonly top: Bytes;
}

/** Puts the trace on top of every copy, looks at the header on the way, and commits at the end. */
export function contentSink(draft: Draft): ContentSink {
  const { options, request } = draft;
  const header = headerScanner({
    collect: ["delivered-to", TLS_REQUIRED],
    maxFields: options.limits.headerFields,
  });
  const forwarding = { rules: options.rules, secrets: options.srs, at: options.clock.now() };
  const copies = copiesOf(draft.entries, request.reversePath, (forwarder) =>
    senderBehind(request.reversePath, forwarder, forwarding),
  );
  const ids = copies.map(() => options.newId());
  const tops = copies.map((copy, at) => topOf(draft, copy, ids[at] as QueueId));
  let staged: StagedCopy[] | undefined;
  const start: Bytes[] = [];
  let room = draft.expanded.length > 0 ? LONGEST_START : 0;

  const begin = (separator: Bytes): readonly (void | Promise<void>)[] => {
    staged = copies.map((copy, at) => ({
      id: ids[at] as QueueId,
      copy,
      sink: options.store.stage(),
      top: concat([tops[at] as Bytes, separator]),
    }));
    return staged.map(({ sink, top }) => sink.write(top));
  };
  const drop = async (): Promise<void> => {
    await Promise.all((staged ?? []).map(({ sink }) => sink[Symbol.asyncDispose]()));
  };
  return {
    write(chunk) {
      if (!header.done) header.push(chunk);
      if (chunk.length === 0) return undefined;
      if (room > 0) {
        start.push(new Uint8Array(chunk.subarray(0, room)));
        room -= Math.min(room, chunk.length);
      }
      const first = staged === undefined ? begin(continuesField(chunk) ? CRLF : NOTHING) : [];
      const write = (): void | Promise<void> => allOf((staged ?? []).map(({ sink }) => sink.write(chunk)));
      const waiting = allOf(first);
      return waiting === undefined ? write() : waiting.then(write);
    },
    async finish(facts) {
      const since = options.clock.monotonic();
      header.end();
      const report = header.result();
      const refusal = judgeLines(facts, draft) ?? judgeHeader(report, { ...options, entries: draft.entries });
      if (refusal !== undefined) {
        await drop();
        return refusal;
      }
      if (staged === undefined) await allOf(begin(NOTHING));
      const demand = withHeader(options.demand, {
        values: report.values.get(TLS_REQUIRED),
        taking: options.noTls,
        known: options.mayRelay,
        who: options.who,
      });
      return await queueCopies(draft, { copies: staged ?? [], facts, demand, start: concat(start), since });
    },
    abort() {
      drop().then(undefined, storeFault);
    },
  };
}

function topOf(draft: Draft, copy: Copy, id: QueueId): Bytes {
  const only = draft.asked.length === 1 ? draft.asked[0] : undefined;
  const received = draft.options.received(id, draft.peer, draft.request, only);
  if (copy.deliveredTo === undefined) return received;
  return concat([utf8(`Delivered-To: ${formatMailbox(copy.deliveredTo)}\r\n`), received]);
}

/** Nothing to wait for, or all of it. */
function allOf(writes: readonly (void | Promise<void>)[]): void | Promise<void> {
  const waiting = writes.filter((one) => one !== undefined);
  if (waiting.length <= 1) return waiting[0];
  return Promise.all(waiting).then(() => undefined);
}

/** RFC 3030 §3: only BINARYMIME is free of lines; DATA with such content never gets this far. */
function judgeLines(facts: ContentFacts, { request }: Draft): Status | undefined {
  return facts.bareCrLf && request.body !== "binarymime" ? statusOf("bare-cr-lf") : undefined;
}

/** RFC 5322 §2.2.3: such a first line would be read as the end of our Received field; an empty line makes it body. */
function continuesField(content: Bytes): boolean {
  return content[0] === SPACE || content[0] === TAB;
}

const NOTHING = new Uint8Array(0);
const CRLF = utf8("\r\n");
const SPACE = 0x20;
const TAB = 0x09;
