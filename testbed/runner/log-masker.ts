import { maskedForms } from './secret-forms.ts';

/** Replaces secrets in text with `***`, as the runner's own masker does: each value, and its encoded forms. */
export class LogMasker {
  readonly #forms = new Set<string>();

  /** Adds a secret: the whole value and each of its lines. */
  add(secret: string): void {
    for (const value of [secret, ...secret.split(/[\r\n]+/)].filter(Boolean))
      for (const form of maskedForms(value)) this.#forms.add(form);
  }

  /** The text with every secret added so far replaced; adjoining ones get a single mask. */
  mask(text: string): string {
    const hidden = new Set<number>();
    for (const form of this.#forms) {
      for (let start = text.indexOf(form); start >= 0; start = text.indexOf(form, start + 1))
        for (let index = start; index < start + form.length; index += 1) hidden.add(index);
    }
    if (hidden.size === 0) return text;
    const show = (unit: string, index: number): string => {
      if (!hidden.has(index)) return unit;
      return hidden.has(index - 1) ? '' : '***';
    };
    return text.split('').map(show).join('');
  }
}
