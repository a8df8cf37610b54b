import type { Mailbox } from "../../mail/mod.ts";

/**
 * The maildir of a recipient. Whatever could mean something to a file system is percent-encoded, so that an address is
 * one file name and two addresses are never the same.
 */
export function maildirPath(template: string, mailbox: Mailbox): string {
  return template
    .replaceAll("{localpart}", () => fileName(mailbox.localPart))
    .replaceAll("{domain}", () => fileName(mailbox.domain));
}

/** One file name: letters, digits and `+ - _ @ =`, and dots that do not come first, stand for themselves. */
export function fileName(text: string): string {
  let name = "";
  for (const octet of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(octet);
    const plain = PLAIN.test(character) || (character === "." && name !== "");
    name += plain ? character : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return name === "" ? EMPTY : name;
}

const PLAIN = /^[A-Za-z0-9+\-_@=]$/;
/** An empty local part; "%" alone is never made otherwise. */
const EMPTY = "%";
