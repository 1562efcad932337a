/** HTTP answers in the shapes commercetools uses, errors included. */

export interface HttpResponse {
  readonly status: number;
  readonly body: unknown;
  readonly contentType?: string;
}

export interface ErrorDetails {
  readonly [name: string]: unknown;
}

/** 200 with a body. */
export function ok(body: unknown): HttpResponse {
  return { status: 200, body };
}

/** 201 with a body. */
export function created(body: unknown): HttpResponse {
  return { status: 201, body };
}

/** An error in commercetools' ErrorResponse shape. */
export function errorResponse(status: number, code: string, message: string, details: ErrorDetails = {}): HttpResponse {
  return { status, body: { statusCode: status, message, errors: [{ code, message, ...details }] } };
}

/** 400 for a query parameter or body that cannot be read. */
export function invalidInput(message: string): HttpResponse {
  return errorResponse(400, 'InvalidInput', message);
}

/** 409 with the version that is stored. */
export function concurrentModification(resource: string, currentVersion: number, sentVersion: number): HttpResponse {
  const message = `Object ${resource} has a different version than expected. Expected: ${sentVersion} - Actual: ${currentVersion}.`;
  return errorResponse(409, 'ConcurrentModification', message, { currentVersion });
}

/** 404 for a resource that is not there. */
export function notFound(resource: string): HttpResponse {
  return errorResponse(404, 'ResourceNotFound', `The Resource with ${resource} was not found.`);
}

/** The OAuth flavour of an error, which carries `error` and `error_description` besides. */
export function oauthError(status: number, error: string, message: string): HttpResponse {
  const body = { statusCode: status, message, errors: [{ code: error, message }], error, error_description: message };
  return { status, body };
}

/** What the proxy before the API says to a URL it does not want to read: HTML, no JSON. */
export function urlTooLong(): HttpResponse {
  return {
    status: 414,
    contentType: 'text/html',
    body: '<html><head><title>414 Request-URI Too Large</title></head><body>414 Request-URI Too Large</body></html>',
  };
}
