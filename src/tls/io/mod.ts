export * from "./certificates.ts";
export * from "./handshake.ts";
export type { CertificateFault, CertificateFiles, CertificateWarning, ReadText } from "./load_pair.ts";
export * from "./trust.ts";
