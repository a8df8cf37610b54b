import type { Bytes } from "../../base/mod.ts";
import type { ProxyFault, ProxyHeader } from "./proxy_header.ts";
import { parseProxyLine, PROXY_LINE_LONGEST } from "./proxy_line.ts";
import { blockLength, parseProxyBlock, PROXY_BLOCK_HEAD, PROXY_SIGNATURE } from "./proxy_block.ts";

export type ProxyStep =
  | { readonly kind: "need-more" }
  /** `rest` came behind the header and belongs to the client. */
  | { readonly kind: "header"; readonly header: ProxyHeader; readonly rest: Bytes }
  /** Nothing may be pushed any more. */
  | ProxyFault;

/** Reads the header that a proxy sends before anything else, however it is split. */
export interface ProxyDecoder {
  push(chunk: Bytes): ProxyStep;
  /** Octets held; never more than the longest header. */
  readonly buffered: number;
}

export function proxyDecoder(): ProxyDecoder {
  let held = new Uint8Array(PROXY_LINE_LONGEST);
  let length = 0;
  /** The whole length of a binary header, once it is known. */
  let total: number | undefined;

  const line = (): Judged => {
    const octet = held[length - 1];
    if (length <= LINE_START.length && octet !== LINE_START[length - 1]) return NO_HEADER;
    if (octet === LF) return parseProxyLine(held.subarray(0, length));
    return length === PROXY_LINE_LONGEST ? fault("the line is longer than 107 octets") : undefined;
  };
  const block = (): Judged => {
    if (length <= PROXY_SIGNATURE.length && held[length - 1] !== PROXY_SIGNATURE[length - 1]) return NO_HEADER;
    if (length === PROXY_BLOCK_HEAD) {
      const found = blockLength(held);
      if (!found.ok) return fault(found.error);
      total = found.value;
      if (total > held.length) held = grown(held, total);
    }
    return length === total ? parseProxyBlock(held.subarray(0, length)) : undefined;
  };

  return {
    get buffered() {
      return length;
    },
    push(chunk) {
      for (let at = 0; at < chunk.length; at++) {
        held[length++] = chunk[at] as number;
        const judged = held[0] === LINE_START[0] ? line() : block();
        if (judged === undefined) continue;
        return judged.kind === "fault" ? judged : { kind: "header", header: judged, rest: chunk.subarray(at + 1) };
      }
      return NEED_MORE;
    },
  };
}

type Judged = ProxyHeader | ProxyFault | undefined;

function fault(text: string): ProxyFault {
  return { kind: "fault", text };
}

function grown(held: Uint8Array, total: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(total);
  larger.set(held);
  return larger;
}

const NEED_MORE: ProxyStep = { kind: "need-more" };
const NO_HEADER = fault("what came first is no PROXY header");
const LINE_START: Bytes = Buffer.from("PROXY ", "latin1");
const LF = 10;
