export * from "./certificate.ts";
export { agile } from "./dane/agile.ts";
export { type TlsaRecord, usableTlsa } from "./dane/tlsa.ts";
export { type DaneFault, type DaneProof, verifyDane } from "./dane/verify.ts";
export { type ChainFault, chainFault } from "./fault.ts";
export * from "./names.ts";
export { requestSpki } from "./request.ts";
export * from "./session.ts";
export * from "./verify.ts";
