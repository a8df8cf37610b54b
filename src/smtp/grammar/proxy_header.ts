/** Who a connection is for, as the proxy in front says it (PROXY protocol, version 1 and 2). */
export type ProxyHeader =
  /** The client behind the proxy; IPv4-mapped addresses are told as IPv4. */
  | { readonly kind: "told"; readonly address: string; readonly port: number }
  /** The proxy's own connection, or one of which it knows no address: LOCAL, UNKNOWN, an unspecified or a unix address. */
  | { readonly kind: "untold" };

/** What is wrong with a header, for the operator. */
export interface ProxyFault {
  readonly kind: "fault";
  readonly text: string;
}
