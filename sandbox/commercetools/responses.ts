/** HTTP responses in commercetools' shapes, including errors. */

export interface HttpResponse {
  readonly status: number;
  readonly body: unknown;
  readonly contentType?: string;
}

export interface ErrorDetails {
  readonly [name: string]: unknown;
}

export function ok(body: unknown): HttpResponse {
  return { status: 200, body };
}

export function created(body: unknown): HttpResponse {
  return { status: 201, body };
}

/** Returns an error in commercetools' ErrorResponse shape. */
export function errorResponse(status: number, code: string, message: string, details: ErrorDetails = {}): HttpResponse {
  return { status, body: { statusCode: status, message, errors: [{ code, message, ...details }] } };
}

/** Returns 400 for an unreadable query parameter or body. */
export function invalidInput(message: string): HttpResponse {
  return errorResponse(400, 'InvalidInput', message);
}

/** Returns 409 with the stored version, if there is one. */
export function concurrentModification(
  resource: string,
  currentVersion: number | undefined,
  sentVersion: number,
): HttpResponse {
  const actual = currentVersion ?? 'none';
  const message = `Object ${resource} has a different version than expected. Expected: ${sentVersion} - Actual: ${actual}.`;
  return errorResponse(409, 'ConcurrentModification', message, currentVersion === undefined ? {} : { currentVersion });
}

/** Returns 404 for a missing resource. */
export function notFound(resource: string): HttpResponse {
  return errorResponse(404, 'ResourceNotFound', `The Resource with ${resource} was not found.`);
}

/** Returns an OAuth error, which also has `error` and `error_description`. */
export function oauthError(status: number, error: string, message: string): HttpResponse {
  const body = { statusCode: status, message, errors: [{ code: error, message }], error, error_description: message };
  return { status, body };
}

/** Returns the HTML response of the API's proxy to an overlong URL. */
export function urlTooLong(): HttpResponse {
  return {
    status: 414,
    contentType: 'text/html',
    body: '<html><head><title>414 Request-URI Too Large</title></head><body>414 Request-URI Too Large</body></html>',
  };
}
