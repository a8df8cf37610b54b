/** What a TLS handshake gave, as far as the library tells it. */
export interface TlsSession {
  readonly version: "TLSv1.2" | "TLSv1.3";
  /** IANA cipher suite name, e.g. TLS_AES_256_GCM_SHA384. */
  readonly cipher: string;
  /** IANA supported-group name, e.g. X25519MLKEM768; unknown on the server's side. */
  readonly group?: string;
  /** The name the client asked for. */
  readonly sni?: string;
}

/** What the client learnt about the server before any mail is sent. */
export interface Handshake {
  readonly session: TlsSession;
  /** Certificates in the order sent, leaf first, DER. */
  readonly chain: readonly Uint8Array[];
  /** The library's verdict on the chain against the configured roots, names not considered; absent when the chain is trusted. */
  readonly chainError?: string;
  readonly resumed: boolean;
}
