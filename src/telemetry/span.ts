/**
 * Spans of OpenTelemetry, as far as this service makes them. Without a configured collector (traces.ts) all of this does
 * next to nothing. Attributes hold ids, counts and codes only.
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
/** Of the spans that share a request so many are linked: OpenTelemetry keeps no more. */
const maxLinks = 128;

/** Whether somebody collects them: bulk makes thousands of changes a second, and spans that nobody sees cost as much. */
let collected = false;
const unseen = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

export function collectSpans(by: 'a collector' | 'nobody'): void {
  collected = by === 'a collector';
}

const tracer = () => trace.getTracer('commercetools-klaviyo');

/** A span around the work, below the one that is active; what is thrown marks it by name, never by message. */
export function inSpan<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T> {
  return spanAround({ name, attributes, kind: SpanKind.INTERNAL, links: [] }, work);
}

/** The span of a request to another host; linked to all that waited for it. */
export function inRequest<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T> {
  const links = context.active().getValue(linksKey);
  return spanAround({ name, attributes, kind: SpanKind.CLIENT, links: isLinks(links) ? links : [] }, work);
}

/** Under the trace that came with a delivery; with none, under what is active. */
export function withTrace<T>(headers: object | undefined, work: () => T): T {
  if (!collected || headers === undefined) return work();
  return context.with(propagation.extract(context.active(), headers), work);
}

/** Where the caller stands, to come back to with `sharing`. */
export function here(): Context {
  return collected ? context.active() : ROOT_CONTEXT;
}

/** Of several callers that share what is done now: below the first one's span, linked to the others'. */
export function sharing<T>(origins: readonly Context[], work: () => T): T {
  if (!collected) return work();
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

interface About {
  name: string;
  attributes: Attributes;
  kind: SpanKind;
  links: Link[];
}

function spanAround<T>({ name, ...options }: About, work: (span: Span) => Promise<T>): Promise<T> {
  if (!collected) return work(unseen);
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
