/** Small parts that several pages show. */
import { html, nothing, svg, type TemplateResult } from 'lit-html';
import { state } from './state.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'quiet' | 'accent';

export function badge(text: string, tone: Tone): TemplateResult {
  return html`<span class=${`badge ${tone}`}>${text}</span>`;
}

export function dot(tone: Tone): TemplateResult {
  return html`<span class=${`dot ${tone}`} aria-hidden="true"></span>`;
}

/** A bar with parts of a whole, the first one on top. Drawn as SVG, because the page's policy forbids style attributes. */
export function bar(label: string, max: number, parts: readonly { value: number; tone: Tone }[]): TemplateResult {
  const width = (value: number) => (max > 0 ? Math.min(100, (value / max) * 100) : 0);
  return html`<svg class="bar" role="img" aria-label=${label} viewBox="0 0 100 6" preserveAspectRatio="none">
    <rect class="track" width="100" height="6"></rect>
    ${parts.toReversed().map(({ value, tone }) => svg`<rect class=${tone} width=${width(value)} height="6"></rect>`)}
  </svg>`;
}

/** Explains what the service could not read now, if it is this snapshot. */
export function staleView(view: string): TemplateResult | typeof nothing {
  if (state.stale !== view) return nothing;
  return html`<p role="status" class="hint warn">This can't be read from commercetools now. The page shows the last known state.</p>`;
}

export function loading(): TemplateResult {
  return html`<p role="status" class="empty">Loading…</p>`;
}

/** Types of records that Explain knows. */
const explainableTypes = ['customer', 'order', 'cart', 'category', 'product', 'inventory-entry'];

/** Links to the explanation of a record, if its type has one. */
export function recordLink({ typeId, id }: { typeId: string; id: string }): TemplateResult {
  return explainableTypes.includes(typeId)
    ? html`<a href=${`#explain/${typeId}/${encodeURIComponent(id)}`}>${typeId} <span class="id">${id}</span></a>`
    : html`${typeId} <span class="id">${id}</span>`;
}
