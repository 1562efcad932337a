/** `GET /{projectKey}`: the settings of the shop. */

/** The project as the API shows it. */
export function project(key: string): unknown {
  return {
    key,
    name: 'Sandbox shop',
    version: 1,
    createdAt: '2020-01-01T00:00:00.000Z',
    countries: ['DE', 'AT', 'FR', 'GB', 'US', 'JP', 'KW'],
    currencies: ['EUR', 'USD', 'GBP', 'JPY', 'KWD'],
    languages: ['en', 'de-DE', 'de', 'fr-FR', 'ja'],
    messages: { enabled: false, deleteDaysAfterCreation: 15 },
    carts: { deleteDaysAfterLastModification: 90, countryTaxRateFallbackEnabled: false },
    searchIndexing: {},
  };
}
