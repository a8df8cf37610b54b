export * from "./certificates.ts";
export * from "./handshake.ts";
export type { CertificateFault, CertificateFiles, CertificateWarning } from "./load_pair.ts";
export * from "./trust.ts";
