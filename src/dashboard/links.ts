/** Links to the accounts that the service connects. */
import type { Overview } from './schemas.ts';

const klaviyoApp = 'https://www.klaviyo.com/';
/** Both hosts hold the region: https://docs.commercetools.com/merchant-center-customizations/concepts/merchant-center-api */
const apiHost = /^api\.(.+\.commercetools\.com)$/;

/** @returns Klaviyo's app and the project in the Merchant Center; for a mock of Klaviyo its own page, for one of commercetools none */
export function accountLinks(
  klaviyoUrl: string,
  { apiUrl, projectKey }: { apiUrl: string; projectKey: string },
): Overview['links'] {
  const klaviyo = new URL(klaviyoUrl);
  const [, region] = apiHost.exec(new URL(apiUrl).hostname) ?? [];
  return {
    klaviyo: klaviyo.hostname.endsWith('.klaviyo.com') ? klaviyoApp : klaviyo.origin,
    ...(region ? { merchantCenter: `https://mc.${region}/${encodeURIComponent(projectKey)}` } : {}),
  };
}
