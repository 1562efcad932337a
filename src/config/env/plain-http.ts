/** Refuses URLs of other machines without TLS: keys, tokens and personal data would travel readable. */

const urlVariables = [
  'KLAVIYO_API_URL',
  'CT_API_URL',
  'CT_AUTH_URL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'SQS_QUEUE_URL',
] as const;
const loopback = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

/** @returns a line for each variable whose URL is plain http to another machine, unless that is allowed */
export function plainHttpProblems(normalized: Record<string, string>): string[] {
  if (normalized.ALLOW_PLAIN_HTTP?.trim().toLowerCase() === 'true') return [];
  return urlVariables.flatMap((name) => {
    const text = normalized[name] ?? '';
    // An invalid URL is reported by the schema.
    if (!URL.canParse(text)) return [];
    const { protocol, hostname } = new URL(text);
    if (protocol !== 'http:' || loopback.test(hostname)) return [];
    return [
      `${name} is plain http to another machine: use https://, or set ALLOW_PLAIN_HTTP=true if that network is private`,
    ];
  });
}
