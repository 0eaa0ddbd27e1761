const MASK = '***';

/**
 * Replaces secrets in text with `***`, as the runner's own masker does: each value, and its encoded forms.
 *
 * Source: https://github.com/actions/runner/blob/main/src/Sdk/DTLogging/Logging/ValueEncoders.cs
 */
export class LogMasker {
  readonly #forms = new Set<string>();

  /** Adds a secret: the whole value and each of its lines, all of them in their encoded forms too. */
  add(secret: string): void {
    for (const value of [secret, ...secret.split(/[\r\n]+/)]) {
      if (value === '') continue;
      for (const form of encodedForms(value)) if (form !== '') this.#forms.add(form);
    }
  }

  /** The text with every secret added so far replaced; adjoining ones get a single mask. */
  mask(text: string): string {
    let masked = '';
    let position = 0;
    for (const [start, end] of mergeSpans(this.#spans(text))) {
      masked += text.slice(position, start) + MASK;
      position = end;
    }
    return masked + text.slice(position);
  }

  #spans(text: string): [number, number][] {
    const spans: [number, number][] = [];
    for (const form of this.#forms) {
      for (let start = text.indexOf(form); start >= 0; start = text.indexOf(form, start + 1)) {
        spans.push([start, start + form.length]);
      }
    }
    return spans;
  }
}

function mergeSpans(spans: [number, number][]): [number, number][] {
  const merged: [number, number][] = [];
  for (const span of spans.sort(([one], [other]) => one - other)) {
    const last = merged.at(-1);
    if (last !== undefined && span[0] <= last[1]) last[1] = Math.max(last[1], span[1]);
    else merged.push(span);
  }
  return merged;
}

function encodedForms(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  const quoted = value.length > 8 && value.startsWith('"') && value.endsWith('"');
  return [
    value,
    // Three alignments: the base64 of a value depends on how many bytes come before it.
    ...[0, 1, 2]
      .filter((shift) => shift < bytes.length)
      .map((shift) => bytes.subarray(shift).toString('base64')),
    percentEncode(value),
    jsonEscape(value),
    xmlEscape(value),
    value.replaceAll('"', '\\"'),
    value.replaceAll("'", "''"),
    ...(quoted ? [value.slice(1, -1)] : []),
  ];
}

/** Percent-encodes all but the unreserved characters of RFC 3986. */
function percentEncode(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function jsonEscape(value: string): string {
  return JSON.stringify(value)
    .slice(1, -1)
    .replace(
      /[\u0085\u2028\u2029]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

const XML_ENTITIES: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '&': '&amp;',
};

function xmlEscape(value: string): string {
  return value.replace(/[<>"'&]/g, (character) => XML_ENTITIES[character] ?? character);
}
