/** Builds JSON:API resources and relationships in the shapes of real responses (test/recordings). */
import type { Job } from './jobs.ts';
import { parameter, type Query, sparse } from './query.ts';
import { inMicroseconds } from './times.ts';

export type JsonApiResource = {
  type: string;
  id: string;
  attributes: Record<string, unknown>;
  relationships?: Record<string, unknown>;
  links: { self: string };
};

export type ResourceLink = { type: string; id: string };

/** Serialization options of a request: base URL of the links, and query parameters (sparse fieldsets, include). */
export type ResourceContext = { origin: string; query: Query };

/** Identifies a resource; `path` is its collection in links. */
export type ResourceRef = { type: string; path: string; id: string };

/** Builds a resource without relationships; `fields[…]` of the request selects and orders the attributes. */
export function resource(
  context: ResourceContext,
  ref: ResourceRef,
  attributes: Record<string, unknown>,
): JsonApiResource {
  return {
    type: ref.type,
    id: ref.id,
    attributes: sparse(context.query, ref.type, attributes),
    links: { self: `${resourceUrl(context, ref)}/` },
  };
}

/** Returns the links of a relationship. */
export function relationshipLinks(context: ResourceContext, ref: ResourceRef, name: string) {
  const url = resourceUrl(context, ref);
  return { links: { self: `${url}/relationships/${name}/`, related: `${url}/${name}/` } };
}

/** Builds a relationship that names its resources only if the request includes them. */
export function relationship(
  context: ResourceContext,
  ref: ResourceRef,
  name: string,
  linked: () => readonly ResourceLink[],
) {
  const data = includes(context, name) ? { data: linked() } : {};
  return { ...data, ...relationshipLinks(context, ref, name) };
}

/** Returns whether the request has the value in its `include` parameter. */
function includes({ query }: ResourceContext, name: string): boolean {
  return parameter(query, 'include')?.split(',').includes(name) ?? false;
}

/** Returns the attributes that all bulk jobs have. */
export function jobAttributes(job: Job) {
  const expiresAt = new Date(Date.parse(job.createdAt) + 7 * 24 * 60 * 60 * 1_000).toISOString();
  return {
    status: job.status,
    created_at: inMicroseconds(job.createdAt),
    total_count: job.total,
    completed_count: job.completed,
    failed_count: job.failures.length,
    completed_at: job.completedAt === null ? null : inMicroseconds(job.completedAt),
    expires_at: inMicroseconds(expiresAt),
  };
}

/** Links contain ids unencoded, as Klaviyo's do. */
function resourceUrl({ origin }: ResourceContext, { path, id }: ResourceRef): string {
  return `${origin}/api/${path}/${id}`;
}
