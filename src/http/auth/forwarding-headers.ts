/** Headers that proxies add: whether a request came through one, and whether the browser used https. */
import type { FastifyRequest } from 'fastify';

type Headers = FastifyRequest['headers'];

/** How a proxy says that the request reached it over https, each with the values that mean so. The first of a list counts. */
const httpsHeaders: Readonly<Record<string, readonly string[]>> = {
  'x-forwarded-proto': ['https', 'wss'],
  'x-forwarded-protocol': ['https'],
  'x-forwarded-scheme': ['https'],
  'x-scheme': ['https'],
  'x-url-scheme': ['https'],
  'x-forwarded-ssl': ['on', 'true', '1'],
  'front-end-https': ['on', 'true', '1'],
  'x-appengine-https': ['on'],
  // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html
  'cloudfront-forwarded-proto': ['https'],
};

/** Azure App Service describes the certificate there, of https requests only. */
const presentOverHttps = 'x-arr-ssl';

const proxyHeaders = [
  ...['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-port', 'x-real-ip', 'cf-connecting-ip'],
  ...['cf-visitor', 'true-client-ip', presentOverHttps, ...Object.keys(httpsHeaders)],
];

/** @returns whether a proxy has passed the request on */
export function isForwarded(headers: Headers): boolean {
  return proxyHeaders.some((name) => headers[name] !== undefined);
}

/**
 * @returns whether the caller used https, as far as the connection, a proxy or the browser says so. Needs no trust: a caller
 * that forges a header changes the attributes of its own cookie only
 */
export function isHttps({ protocol, headers }: Pick<FastifyRequest, 'protocol' | 'headers'>): boolean {
  if (protocol === 'https' || (headers[presentOverHttps] ?? '') !== '') return true;
  if (Object.entries(httpsHeaders).some(([name, values]) => values.includes(firstOf(headers[name])))) return true;
  if (forwardedProto(headers.forwarded) === 'https') return true;
  // Cloudflare: {"scheme":"https"}
  if (/"scheme"\s*:\s*"https"/.test(textOf(headers['cf-visitor']))) return true;
  return /^https:\/\//i.test(headers.origin ?? '');
}

/** Each proxy appends its own value; the first one is of the proxy that the caller reached. */
function firstOf(value: string | string[] | undefined): string {
  return textOf(value).split(',')[0]?.trim().toLowerCase() ?? '';
}

/** https://www.rfc-editor.org/rfc/rfc7239#section-4 */
function forwardedProto(value: string | string[] | undefined): string | undefined {
  const pairs = firstOf(value).split(';');
  return pairs.flatMap((pair) => /^\s*proto\s*=\s*"?([a-z]+)"?\s*$/.exec(pair)?.[1] ?? [])[0];
}

function textOf(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}
