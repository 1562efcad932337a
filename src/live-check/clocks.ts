/** Compares this machine's clock with those of both APIs. */
import { fetch } from 'undici';
import { asExpected, cannotWork, type LiveCheck, unexpected } from './live-check.ts';

/** Tolerance of push tokens, and the overlap of a catch-up. */
export const maxSkewSeconds = 60;
export const tolerableSkewSeconds = 10;
const timeoutMs = 10_000;
const factOf = (api: string) => `clock against ${api}`;

export const clocks: LiveCheck = {
  title: 'clocks',
  facts: ['commercetools', 'Klaviyo'].map((api) => ({ name: factOf(api), expected: 'less than 10 s apart' })),
  creates: [],
  remains: [],
  async run({ commercetoolsUrl, klaviyoUrl }, report) {
    for (const [api, url] of Object.entries({ commercetools: commercetoolsUrl, Klaviyo: klaviyoUrl })) {
      const skew = await skewSeconds(url);
      if (skew === undefined) continue;
      const [seconds, text] = [Math.abs(skew), skewText(skew)];
      const fix = 'set the clock of this machine (NTP)';
      if (seconds > maxSkewSeconds) report(factOf(api), cannotWork(text, `pushes are refused: ${fix}`));
      else if (seconds > tolerableSkewSeconds) report(factOf(api), unexpected(text, fix));
      else report(factOf(api), asExpected(text, 'none'));
    }
  },
};

/** @returns such as `equal` or `3 s ahead` */
export function skewText(skew: number): string {
  const seconds = Math.round(Math.abs(skew));
  return seconds === 0 ? 'equal' : `${seconds} s ${skew > 0 ? 'ahead' : 'behind'}`;
}

/**
 * Uses the Date header, which every response has, so that no credentials are sent.
 * @returns seconds, accurate to one second; undefined without a response
 */
export async function skewSeconds(url: string): Promise<number | undefined> {
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
