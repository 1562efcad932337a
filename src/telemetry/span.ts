/**
 * Creates OpenTelemetry spans. Without a configured collector (traces.ts) the functions only call the work. Attributes hold
 * ids, counts and codes only.
 */
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  INVALID_SPAN_CONTEXT,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

const linksKey = createContextKey('spans that share a request');
/** Maximum links of a request's span; OpenTelemetry keeps no more. */
const maxLinks = 128;

/** Whether spans are exported. If not, none are created, because bulk would create thousands per second. */
let isExporting = false;
const noopSpan = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

export function setSpanExport(state: 'on' | 'off'): void {
  isExporting = state === 'on';
}

const tracer = () => trace.getTracer('commercetools-klaviyo');

/** Runs the work in a child span of the active one. An exception marks the span with its name, never its message. */
export function inSpan<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T> {
  return spanAround({ name, attributes, kind: SpanKind.INTERNAL, links: [] }, work);
}

/** Runs a request in a client span, linked to the spans that share the request (`sharing`). */
export function inRequest<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T> {
  const links = context.active().getValue(linksKey);
  return spanAround({ name, attributes, kind: SpanKind.CLIENT, links: isLinks(links) ? links : [] }, work);
}

/** Continues the trace in a delivery's headers, or else the active one. */
export function withTrace<T>(headers: object | undefined, work: () => T): T {
  if (!isExporting || headers === undefined) return work();
  return context.with(propagation.extract(context.active(), headers), work);
}

/** @returns the active context, to be passed to `sharing` later */
export function here(): Context {
  return isExporting ? context.active() : ROOT_CONTEXT;
}

/** Runs work that several callers share: as a child of the first one's span, with links to the others'. */
export function sharing<T>(origins: readonly Context[], work: () => T): T {
  if (!isExporting) return work();
  const [first = ROOT_CONTEXT, ...others] = origins;
  const own = trace.getSpanContext(first);
  if (own === undefined) return context.with(first, work);
  const linked = new Map<string, Link>();
  for (const origin of others) {
    const spanContext = trace.getSpanContext(origin);
    if (spanContext && spanContext.spanId !== own.spanId) linked.set(spanContext.spanId, { context: spanContext });
    if (linked.size >= maxLinks) break;
  }
  return context.with(first.setValue(linksKey, [...linked.values()]), work);
}

interface SpanSettings {
  name: string;
  attributes: Attributes;
  kind: SpanKind;
  links: Link[];
}

function spanAround<T>({ name, ...options }: SpanSettings, work: (span: Span) => Promise<T>): Promise<T> {
  if (!isExporting) return work(noopSpan);
  return tracer().startActiveSpan(name, options, async (span) => {
    try {
      return await work(span);
    } catch (thrown) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: thrown instanceof Error ? thrown.name : 'unknown' });
      throw thrown;
    } finally {
      span.end();
    }
  });
}

function isLinks(value: unknown): value is Link[] {
  return Array.isArray(value);
}
