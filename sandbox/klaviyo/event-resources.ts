/** Serializes events and metrics. */
import { apiIntegration, type Metric, type RecordedEvent } from './events.ts';
import { type JsonApiResource, type ResourceContext, relationship, relationshipLinks, resource } from './resources.ts';
import { inSeconds } from './times.ts';

export function eventResource(event: RecordedEvent, context: ResourceContext): JsonApiResource {
  const ref = { type: 'event', path: 'events', id: event.id };
  const attributes = {
    timestamp: Date.parse(event.time) / 1_000,
    event_properties: {
      ...event.properties,
      ...(event.valueCurrency === null ? {} : { $value_currency: event.valueCurrency }),
      ...(event.uniqueId === null ? {} : { $event_id: event.uniqueId }),
      $value: event.value ?? 0,
    },
    datetime: event.time,
    uuid: event.uuid,
  };
  return {
    ...resource(context, ref, attributes),
    relationships: {
      profile: {
        data: { type: 'profile', id: event.profileId },
        ...relationshipLinks(context, ref, 'profile'),
      },
      metric: { data: { type: 'metric', id: event.metric.id }, ...relationshipLinks(context, ref, 'metric') },
    },
  };
}

export function metricResource(metric: Metric, context: ResourceContext): JsonApiResource {
  const { name, created, updated, id, integration: service } = metric;
  const ref = { type: 'metric', path: 'metrics', id };
  const integration = {
    ...{ object: 'integration', id: 'SNDBOX', key: service.toLowerCase(), name: service },
    category: service === apiIntegration ? 'API' : 'eCommerce',
  };
  const attributes = { name, created: inSeconds(created), updated: inSeconds(updated), integration };
  return {
    ...resource(context, ref, attributes),
    relationships: { 'flow-triggers': relationship(context, ref, 'flow-triggers', () => []) },
  };
}
