export { type CertificatePaths, readOwnCertificates } from "./certificates.ts";
