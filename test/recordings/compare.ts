/**
 * Reduces a response to its shape, so that a response of the sandbox can be compared with a recorded one of the real
 * API. Ids, times, texts and counts may differ; members, null, "", absence, codes, pointers and the forms of times and
 * links may not.
 */

/** A response with the headers that the recordings show. */
export type Answer = { status: number; headers: Record<string, string>; body: unknown };

/** Members whose value is compared, not only its kind. */
const literalMembers = new Set(['type', 'status', 'code', 'pointer', 'object', 'consent', 'reason']);

/** Returns the shape of a response; two responses that a client cannot tell apart have equal shapes. */
export function shapeOfAnswer({ status, headers, body }: Answer) {
  const { 'ratelimit-remaining': remaining, ...others } = headers;
  const counted =
    remaining === undefined ? {} : { 'ratelimit-remaining': /^\d+$/.test(remaining) ? 'count' : remaining };
  return { status, headers: { ...others, ...counted }, body: shapeOf(body) };
}

function shapeOf(value: unknown, member = ''): unknown {
  if (value === null || value === '' || typeof value === 'boolean')
    return value === true || value === false ? 'boolean' : value;
  if (literalMembers.has(member)) return value;
  if (typeof value === 'string') return textShape(value);
  // A list has the shapes of its elements, each once: how many there are depends on the situation.
  if (Array.isArray(value)) return [...new Set(value.map((element) => JSON.stringify(shapeOf(element))))].sort();
  if (typeof value !== 'object') return typeof value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, child]) => [name, shapeOf(child, name)]));
}

function textShape(text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/.test(text)) return 'time in seconds';
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/.test(text)) return 'time in microseconds';
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return 'time in another form';
  return /^https?:\/\/[^/]+\/api\//.test(text) ? linkShape(text) : 'text';
}

/** Returns a link without ids: the words of its path, its trailing slash, the names of its parameters in order. */
function linkShape(text: string): string {
  const [path = '', query = ''] = text.replace(/^https?:\/\/[^/]+/, '').split('?');
  const words = path.split('/').map((segment) => (/^[a-z_-]*$/.test(segment) ? segment : 'ID'));
  const names = query === '' ? [] : query.split('&').map((parameter) => parameter.split('=')[0]);
  return `link ${words.join('/')} ${names.join(' ')}`;
}
