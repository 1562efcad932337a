/** Another app of the merchant's, or a person, who writes to Klaviyo beside us. */

/** @param path such as /api/catalog-items @param data a JSON:API record */
export function writeAsOther(klaviyo: string, path: string, data: { type: string; id?: string }): Promise<Response> {
  return fetch(`${klaviyo}${path}`, {
    method: data.id === undefined ? 'POST' : 'PATCH',
    headers: {
      authorization: 'Klaviyo-API-Key pk_sandbox',
      revision: '2026-07-15',
      'content-type': 'application/vnd.api+json',
    },
    body: JSON.stringify({ data }),
  });
}
