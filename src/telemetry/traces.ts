/** Exports OpenTelemetry traces over OTLP/HTTP (JSON). https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
import { withTimeout } from '../lib/timeout.ts';
import { setTracing } from './span.ts';

export interface TraceSettings {
  /** URL of the collector without /v1/traces. */
  endpoint: string;
  headers: Record<string, string>;
  serviceName: string;
  /** Fraction of new traces that is sampled, 0 to 1. A trace from a message keeps its own sampling decision. */
  ratio: number;
}

export interface Traces {
  /** Exports the remaining spans, within 2 seconds. */
  stop(): Promise<void>;
}

const timeoutMs = 2_000;
/** Sufficient for some thousand spans per second. */
const batching = { maxQueueSize: 20_000, maxExportBatchSize: 2_000, scheduledDelayMillis: 1_000 };
const warningIntervalMs = 60_000;

/** @param onExportError called at most once a minute if spans are lost */
export async function startTraces(
  settings: TraceSettings,
  version: string,
  onExportError: (detail: string) => void,
): Promise<Traces> {
  const { api, sdk, OTLPTraceExporter, resourceFromAttributes, AsyncLocalStorageContextManager, core } = await load();
  const { context, DiagLogLevel, diag, propagation, trace } = api;
  const { openTelemetry } = await import('./open-telemetry.ts');
  const { endpoint, headers, serviceName, ratio } = settings;
  const onLost = createThrottled(() => onExportError(`spans are lost: ${new URL(endpoint).host} does not accept them`));
  diag.setLogger({ error: onLost, warn: onLost, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, headers });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, ...batching })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new core.W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  setTracing(openTelemetry);
  return {
    async stop() {
      const shutdown = () => provider.shutdown().then(() => true);
      const isExported = await withTimeout(shutdown, timeoutMs, false).catch(() => false);
      if (!isExported) onLost();
      setTracing(undefined);
      for (const part of [trace, context, propagation, diag]) part.disable();
    },
  };
}

/** Loaded only with a collector. */
async function load() {
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }, { AsyncLocalStorageContextManager }, core] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/core'),
    ]);
  return { api, sdk, OTLPTraceExporter, resourceFromAttributes, AsyncLocalStorageContextManager, core };
}

const ignore = () => {};

function createThrottled(warn: () => void): () => void {
  let warnedAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - warnedAt < warningIntervalMs) return;
    warnedAt = performance.now();
    warn();
  };
}
