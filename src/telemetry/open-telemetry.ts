/** Creates OpenTelemetry spans for span.ts; loaded only if a collector is configured. */
import {
  type Context,
  context,
  createContextKey,
  type Link,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { SpanAttributes, SpanHandle, TraceContext, Tracing } from './span.ts';

const linksKey = createContextKey('spans that share a request');
/** Maximum links of a request's span; OpenTelemetry keeps no more. */
const maxLinks = 128;

const tracer = () => trace.getTracer('commercetools-klaviyo');
/** Contexts that `here` returned: others, from before the start of tracing, count as the root. */
const contexts = new WeakSet<object>();

export const openTelemetry: Tracing = {
  inSpan: (name, attributes, work) => spanAround({ name, attributes, kind: SpanKind.INTERNAL, links: [] }, work),
  inRequest(name, attributes, work) {
    const links = context.active().getValue(linksKey);
    return spanAround({ name, attributes, kind: SpanKind.CLIENT, links: isLinks(links) ? links : [] }, work);
  },
  withTrace: (headers, work) => context.with(propagation.extract(context.active(), headers), work),
  here() {
    const active = context.active();
    contexts.add(active);
    return active;
  },
  sharing(origins, work) {
    const [first = ROOT_CONTEXT, ...others] = origins.map(contextOf);
    const own = trace.getSpanContext(first);
    if (own === undefined) return context.with(first, work);
    const linked = new Map<string, Link>();
    for (const origin of others) {
      const spanContext = trace.getSpanContext(origin);
      if (spanContext && spanContext.spanId !== own.spanId) linked.set(spanContext.spanId, { context: spanContext });
      if (linked.size >= maxLinks) break;
    }
    return context.with(first.setValue(linksKey, [...linked.values()]), work);
  },
};

interface SpanSettings {
  name: string;
  attributes: SpanAttributes;
  kind: SpanKind;
  links: Link[];
}

function spanAround<T>({ name, ...options }: SpanSettings, work: (span: SpanHandle) => Promise<T>): Promise<T> {
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

function contextOf(origin: TraceContext): Context {
  return isContext(origin) ? origin : ROOT_CONTEXT;
}

function isContext(origin: TraceContext): origin is Context {
  return origin !== undefined && contexts.has(origin);
}

function isLinks(value: unknown): value is Link[] {
  return Array.isArray(value);
}
