/**
 * Traces of OpenTelemetry, sent to a collector over OTLP/HTTP (JSON). The SDK is loaded only where a collector is
 * configured. https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
import { context, DiagLogLevel, diag, propagation, trace } from '@opentelemetry/api';
import { collectSpans } from './span.ts';

export interface TraceSettings {
  /** The collector's address, without /v1/traces. */
  endpoint: string;
  headers: Record<string, string>;
  serviceName: string;
  /** Part of the traces that begin here which is kept, 0 to 1; one that came with a message keeps its own decision. */
  ratio: number;
}

export interface Traces {
  /** Sends what is left, as far as that is quickly done. */
  stop(): Promise<void>;
}

const timeoutMs = 2_000;
/** Some thousand spans a second find room. */
const batches = { maxQueueSize: 20_000, maxExportBatchSize: 2_000, scheduledDelayMillis: 1_000 };
const silenceMs = 60_000;

/** @param onTrouble told at most once a minute that spans get lost */
export async function startTraces(
  settings: TraceSettings,
  version: string,
  onTrouble: (detail: string) => void,
): Promise<Traces> {
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }, { AsyncLocalStorageContextManager }, core] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/core'),
    ]);
  const { endpoint, headers, serviceName, ratio } = settings;
  const lost = createTrouble(() => onTrouble(`spans get lost: ${new URL(endpoint).host} does not take them`));
  diag.setLogger({ error: lost, warn: lost, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, headers });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, ...batches })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new core.W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  collectSpans('a collector');
  return {
    async stop() {
      const late = new Promise<'late'>((resolve) => {
        AbortSignal.timeout(timeoutMs).addEventListener('abort', () => resolve('late'));
      });
      if ((await Promise.race([provider.shutdown().catch(lost), late])) === 'late') lost();
      collectSpans('nobody');
      for (const api of [trace, context, propagation, diag]) api.disable();
    },
  };
}

const ignore = () => {};

function createTrouble(tell: () => void): () => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - toldAt < silenceMs) return;
    toldAt = performance.now();
    tell();
  };
}
