/**
 * Runs work in spans. Without a configured collector the functions only call the work, and OpenTelemetry is not loaded:
 * traces.ts sets what creates the spans. Attributes hold ids, counts and codes only.
 */

export type SpanAttributes = Record<string, string | number | boolean>;

/** The part of OpenTelemetry's span that is used. */
export interface SpanHandle {
  setAttribute(name: string, value: string | number | boolean): unknown;
}

/** What spans belong to, taken by `here` for `sharing`; opaque. */
export type TraceContext = object | undefined;

/** Creates spans; open-telemetry.ts implements it. */
export interface Tracing {
  inSpan<T>(name: string, attributes: SpanAttributes, work: (span: SpanHandle) => Promise<T>): Promise<T>;
  inRequest<T>(name: string, attributes: SpanAttributes, work: (span: SpanHandle) => Promise<T>): Promise<T>;
  withTrace<T>(headers: object, work: () => T): T;
  here(): TraceContext;
  sharing<T>(origins: readonly TraceContext[], work: () => T): T;
}

/** Unset, no spans are created, because bulk would create thousands per second. */
let tracing: Tracing | undefined;
const noSpan: SpanHandle = { setAttribute: () => undefined };

export function setTracing(value: Tracing | undefined): void {
  tracing = value;
}

/** Runs the work in a child span of the active one. An exception marks the span with its name, never its message. */
export function inSpan<T>(
  name: string,
  attributes: SpanAttributes,
  work: (span: SpanHandle) => Promise<T>,
): Promise<T> {
  return tracing ? tracing.inSpan(name, attributes, work) : work(noSpan);
}

/** Runs a request in a client span, linked to the spans that share the request (`sharing`). */
export function inRequest<T>(
  name: string,
  attributes: SpanAttributes,
  work: (span: SpanHandle) => Promise<T>,
): Promise<T> {
  return tracing ? tracing.inRequest(name, attributes, work) : work(noSpan);
}

/** Continues the trace in a delivery's headers, or else the active one. */
export function withTrace<T>(headers: object | undefined, work: () => T): T {
  return tracing && headers !== undefined ? tracing.withTrace(headers, work) : work();
}

/** @returns the active context, to be passed to `sharing` later */
export function here(): TraceContext {
  return tracing?.here();
}

/** Runs work that several callers share: as a child of the first one's span, with links to the others'. */
export function sharing<T>(origins: readonly TraceContext[], work: () => T): T {
  return tracing ? tracing.sharing(origins, work) : work();
}
