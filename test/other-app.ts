/** Another app of the merchant's, or a person, who writes to Klaviyo beside us. */

const headers = {
  authorization: 'Klaviyo-API-Key pk_sandbox',
  revision: '2026-07-15',
  'content-type': 'application/vnd.api+json',
};

/** @param path of the record */
export function deleteAsOther(klaviyo: string, path: string): Promise<Response> {
  const { 'content-type': _, ...withoutBody } = headers;
  return fetch(`${klaviyo}${path}`, { method: 'DELETE', headers: withoutBody });
}

/** @param path such as /api/catalog-items @param data a JSON:API record */
export function writeAsOther(klaviyo: string, path: string, data: { type: string; id?: string }): Promise<Response> {
  return fetch(`${klaviyo}${path}`, {
    method: data.id === undefined ? 'POST' : 'PATCH',
    headers,
    body: JSON.stringify({ data }),
  });
}
