/** Checks the versions, and the clock of this machine against those of both APIs. */
import { type CheckDeps, type Finding, ok, problem, warning } from './finding.ts';

/** The only major version that the service is tested with. */
const nodeMajor = 24;
/** Tolerance of push tokens, and the overlap of a catch-up. */
const maxSkewSeconds = 60;
const tolerableSkewSeconds = 10;
const timeoutMs = 10_000;

export function checkVersions({ version }: Pick<CheckDeps, 'version'>): Finding[] {
  const { node } = process.versions;
  const major = Number(node.split('.')[0]);
  const detail = `${version} on Node ${node}`;
  if (major < nodeMajor) return [problem('version', detail, `install Node ${nodeMajor}`)];
  if (major > nodeMajor) return [warning('version', detail, `Node ${nodeMajor} is what it is tested with`)];
  return [ok('version', detail)];
}

export async function checkClocks({ config }: Pick<CheckDeps, 'config'>): Promise<Finding[]> {
  const [commercetools, klaviyo] = await Promise.all([
    skewSeconds(config.commercetools.apiUrl),
    skewSeconds(config.klaviyo.url),
  ]);
  return [...clockFindings("commercetools'", commercetools), ...clockFindings("Klaviyo's", klaviyo)];
}

/** @returns nothing without a response, because an unavailable API is a finding of another check */
function clockFindings(apiName: string, skew: number | undefined): Finding[] {
  if (skew === undefined) return [];
  const what = `clock against ${apiName}`;
  const seconds = Math.round(Math.abs(skew));
  const detail = seconds === 0 ? 'equal' : `${seconds} s ${skew > 0 ? 'ahead' : 'behind'}`;
  const fix = 'set the clock of this machine (NTP)';
  if (seconds > maxSkewSeconds) return [problem(what, detail, fix)];
  return [seconds > tolerableSkewSeconds ? warning(what, detail, fix) : ok(what, detail)];
}

/** Uses the Date header, which every response has, so that no credentials are sent. @returns seconds, accurate to one second */
async function skewSeconds(url: string): Promise<number | undefined> {
  const sentAt = Date.now();
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal });
    const serverTime = Date.parse(response.headers.get('date') ?? '');
    // The header is truncated to a second, and was set at some time between the request and the response.
    if (Number.isNaN(serverTime)) return undefined;
    const [min, max] = [sentAt - serverTime - 1_000, Date.now() - serverTime];
    if (min <= 0 && max >= 0) return 0;
    return (min > 0 ? min : max) / 1_000;
  } catch {
    return undefined;
  }
}
