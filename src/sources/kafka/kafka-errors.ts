/** Explains connection errors of Kafka and names the variable to check. Classifies by error codes, never by messages. */

/** Certificate chains without a trusted authority: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const unknownAuthority = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const wrongCertificate = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'ERR_TLS_CERT_ALTNAME_INVALID']);

/** @returns a clause without text of the error itself; undefined if a retry may succeed */
export function configurationErrorOf(thrown: unknown, sasl?: { mechanism: string }): string | undefined {
  const codes = codesIn(thrown);
  const find = (known: ReadonlySet<string>) => codes.find((code) => known.has(code));
  const authority = find(unknownAuthority);
  if (authority)
    return `the certificate of the brokers is of an unknown authority (${authority}): give its file in NODE_EXTRA_CA_CERTS`;
  const certificate = find(wrongCertificate);
  if (certificate) return `the certificate of the brokers is not valid for the name in KAFKA_BROKERS (${certificate})`;
  if (sasl && codes.includes('UNSUPPORTED_SASL_MECHANISM'))
    return `the brokers don't take ${sasl.mechanism}: set KAFKA_SASL to what they take`;
  if (sasl && codes.includes('PLT_KFK_AUTHENTICATION'))
    return `the brokers refuse KAFKA_USERNAME or KAFKA_PASSWORD (${sasl.mechanism})`;
  return undefined;
}

function codesIn(thrown: unknown): string[] {
  if (!(thrown instanceof Error)) return [];
  const own = ['code', 'apiId'].flatMap((name) => {
    const value: unknown = Reflect.get(thrown, name);
    return typeof value === 'string' ? [value] : [];
  });
  const causes: unknown[] = thrown instanceof AggregateError ? thrown.errors : [];
  return [...own, ...[...causes, thrown.cause].flatMap(codesIn)];
}
