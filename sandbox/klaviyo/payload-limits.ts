/**
 * Limits of free-form values (event properties, custom metadata). Sources:
 * https://developers.klaviyo.com/en/reference/events_api_overview#limitations and the field descriptions in the API
 * reference.
 */
import type { z } from 'zod';
import { pointerTo } from './errors.ts';

export const payloadLimits = {
  maxProperties: 400,
  maxTextBytes: 100_000,
  maxArrayItems: 4_000,
  maxDepth: 10,
  maxBodyBytes: 5_000_000,
  maxProfileBytes: 100_000,
  maxMetadataBytes: 100_000,
} as const;

type Report = { ctx: z.RefinementCtx; path: PropertyKey[] };

/** Adds an issue with its path for each part of `value` that is too long, too wide or too deep. */
export function checkFreeForm(value: unknown, ctx: z.RefinementCtx): void {
  walk(value, 1, { ctx, path: [] });
}

/** Checks event properties: the free-form limits and the maximum number of properties. */
export function checkEventProperties(properties: Record<string, unknown>, ctx: z.RefinementCtx): void {
  const count = Object.keys(properties).length;
  if (count > payloadLimits.maxProperties) {
    ctx.addIssue({
      code: 'custom',
      message: `${count} properties; at most ${payloadLimits.maxProperties} are allowed.`,
    });
  }
  checkFreeForm(properties, ctx);
}

/** Checks catalog metadata: flat, at most 100 KB. */
export function checkMetadata(metadata: Record<string, unknown> | null | undefined, ctx: z.RefinementCtx): void {
  if (metadata === null || metadata === undefined) return;
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'object' || value === null) continue;
    ctx.addIssue({ code: 'custom', message: 'Custom metadata must be flat.', path: [key] });
  }
  if (Buffer.byteLength(JSON.stringify(metadata)) > payloadLimits.maxMetadataBytes) {
    ctx.addIssue({ code: 'custom', message: 'Custom metadata may not exceed 100kb.' });
  }
}

function walk(value: unknown, level: number, report: Report): void {
  if (typeof value === 'string') checkText(value, report);
  if (typeof value !== 'object' || value === null) return;
  if (level > payloadLimits.maxDepth) {
    addIssue(report, `Nested deeper than ${payloadLimits.maxDepth} levels.`);
    return;
  }
  if (Array.isArray(value) && value.length > payloadLimits.maxArrayItems) {
    addIssue(report, `${value.length} array items; at most ${payloadLimits.maxArrayItems} are allowed.`);
  }
  for (const [key, child] of Object.entries(value)) {
    report.path.push(key);
    walk(child, level + 1, report);
    report.path.pop();
  }
}

function checkText(text: string, report: Report): void {
  // UTF-8 needs at most three bytes per UTF-16 unit, so short strings need no byte count.
  if (text.length * 3 <= payloadLimits.maxTextBytes) return;
  if (Buffer.byteLength(text) > payloadLimits.maxTextBytes) addIssue(report, 'A single string cannot exceed 100KB.');
}

function addIssue({ ctx, path }: Report, message: string): void {
  ctx.addIssue({ code: 'custom', message: `${message} (${pointerTo(path)})`, path: [...path] });
}
