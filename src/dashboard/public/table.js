/** Table that becomes a list of cards on narrow screens. Explicit roles, because styles may remove the implicit ones. */

import { repeat } from '/dashboard/lib/lit-html/directives/repeat.js';
import { html, nothing } from '/dashboard/lib/lit-html/lit-html.js';

/**
 * @param columns `{ name, numeric }`
 * @param rows `{ key, cells, tone }`
 * @param empty text shown without rows
 */
export function table({ caption, columns, rows, empty }) {
  if (rows.length === 0) return html`<p class="quiet">${empty}</p>`;
  const kind = ({ numeric }) => (numeric ? 'number' : '');
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
        ({ cells, tone }) => html`<tr role="row" class=${tone ?? nothing}>
          ${cells.map(
            (cell, index) =>
              html`<td role="cell" data-label=${columns[index].name} class=${kind(columns[index])}><div>${cell}</div></td>`,
          )}
        </tr>`,
      )}
    </tbody>
  </table>`;
}
