export {
  type CertificateAuthority as TestCa,
  type IssuedCertificate as TestCertificate,
  type IssueOptions,
  newCa as testCa,
} from "../../lab/certificates.ts";
