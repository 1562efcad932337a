/** Shows URLs without what may be a secret in them. */

const url = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]*/gi;
const hidden = '***';

/**
 * @returns the text with `***` for user and password, query values and fragments of the URLs in it. A password may hold `@`, `/`
 * or `?` although it should be encoded, so everything up to the last `@` is hidden. Placeholders (`{{…}}`) stay.
 */
export function redactUrls(text: string): string {
  return text.replace(url, (found) => {
    const [, scheme = '', rest = ''] = /^([^:]+:\/\/)(.*)$/s.exec(found) ?? [];
    const at = rest.lastIndexOf('@');
    const user = at === -1 ? '' : `${hidden}@`;
    const [, address = '', query, fragment] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(rest.slice(at + 1)) ?? [];
    return `${scheme}${user}${address}${query ? redactQuery(query) : ''}${fragment ? `#${hidden}` : ''}`;
  });
}

function redactQuery(query: string): string {
  const pairs = query.slice(1).split('&');
  const shown = pairs.map((pair) => {
    const [name = '', value] = pair.split('=', 2);
    if (value === undefined) return name === '' ? '' : hidden;
    return /^\{\{[^{}]*\}\}$/.test(value) ? pair : `${name}=${hidden}`;
  });
  return `?${shown.join('&')}`;
}
