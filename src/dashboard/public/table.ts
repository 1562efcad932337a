/** Table that becomes a list of cards on narrow screens. Explicit roles, because styles may remove the implicit ones. */
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';

interface TableContent {
  caption: string;
  columns: readonly { name: string; numeric?: boolean }[];
  rows: readonly { key: string; cells: readonly unknown[] }[];
  /** Shown without rows. */
  empty: string;
}

export function table({ caption, columns, rows, empty }: TableContent): TemplateResult {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  const kind = (column: { numeric?: boolean } | undefined) => (column?.numeric ? 'number' : '');
  return html`<table role="table">
    <caption class="unseen">${caption}</caption>
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map((column) => html`<th role="columnheader" scope="col" class=${kind(column)}>${column.name}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${repeat(
        rows,
        ({ key }) => key,
        ({ cells }) => html`<tr role="row">
          ${cells.map(
            (cell, index) =>
              html`<td role="cell" data-label=${columns[index]?.name ?? nothing} class=${kind(columns[index])}><div>${cell}</div></td>`,
          )}
        </tr>`,
      )}
    </tbody>
  </table>`;
}
