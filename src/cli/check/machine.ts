/** This machine: versions, and its clock against those of both APIs. */
import { type CheckParts, type Finding, ok, problem, warning } from './finding.ts';

/** The only major version that the service is tested with. */
const nodeMajor = 24;
/** Tokens of pushes are valid a minute longer or shorter; a catch-up looks a minute back. */
const maxSkewSeconds = 60;
const tolerableSkewSeconds = 10;
const timeoutMs = 10_000;

export function checkVersions({ version }: Pick<CheckParts, 'version'>): Finding[] {
  const { node } = process.versions;
  const major = Number(node.split('.')[0]);
  const said = `${version} on Node ${node}`;
  if (major < nodeMajor) return [problem('version', said, `install Node ${nodeMajor}`)];
  if (major > nodeMajor) return [warning('version', said, `Node ${nodeMajor} is what it is tested with`)];
  return [ok('version', said)];
}

export async function checkClocks({ config }: Pick<CheckParts, 'config'>): Promise<Finding[]> {
  const [commercetools, klaviyo] = await Promise.all([
    skewSeconds(config.commercetools.apiUrl),
    skewSeconds(config.klaviyo.url),
  ]);
  return [...clock("commercetools'", commercetools), ...clock("Klaviyo's", klaviyo)];
}

/** Nothing where it could not be asked: that the API does not answer is told elsewhere. */
function clock(whose: string, skew: number | undefined): Finding[] {
  if (skew === undefined) return [];
  const what = `clock against ${whose}`;
  const seconds = Math.round(Math.abs(skew));
  const detail = seconds === 0 ? 'equal' : `${seconds} s ${skew > 0 ? 'ahead' : 'behind'}`;
  const wayOut = 'set the clock of this machine (NTP)';
  if (seconds > maxSkewSeconds) return [problem(what, detail, wayOut)];
  return [seconds > tolerableSkewSeconds ? warning(what, detail, wayOut) : ok(what, detail)];
}

/** Every answer carries its server's time, also a refusal: nothing secret has to be sent. Seconds, to a second. */
async function skewSeconds(url: string): Promise<number | undefined> {
  const began = Date.now();
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(url, { method: 'HEAD', redirect: 'manual', signal });
    const theirs = Date.parse(answer.headers.get('date') ?? '');
    // What it says is the beginning of a second, some time between our two looks at the clock.
    if (Number.isNaN(theirs)) return undefined;
    const [soonest, latest] = [began - theirs - 1_000, Date.now() - theirs];
    if (soonest <= 0 && latest >= 0) return 0;
    return (soonest > 0 ? soonest : latest) / 1_000;
  } catch {
    return undefined;
  }
}
