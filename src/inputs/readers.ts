import * as core from '@actions/core';
import { Failure } from '../failure.ts';
import type { Redact } from '../secrets.ts';

/** Readers for inputs of a type. Each throws a Failure that quotes the input, which may be a misplaced secret. */
export function inputReaders(redact: Redact) {
  const notAllowed = (name: string, allowed: string): Failure =>
    new Failure(`Input "${name}" is "${redact(core.getInput(name))}".`, `It must be ${allowed}.`);

  function choiceInput<T extends string>(name: string, choices: readonly T[], byDefault: T): T {
    const text = core.getInput(name).toLowerCase() || byDefault;
    const choice = choices.find((one) => one === text);
    if (choice) return choice;
    throw notAllowed(name, choices.join(' or '));
  }

  return {
    choiceInput,
    booleanInput: (name: string, byDefault: boolean): boolean =>
      choiceInput(name, ['true', 'false'], byDefault ? 'true' : 'false') === 'true',
    wholeNumberInput(name: string, range: { byDefault: number; min: number; max: number }): number {
      const text = core.getInput(name);
      if (text === '') return range.byDefault;
      const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (number >= range.min && number <= range.max) return number;
      throw notAllowed(name, `a whole number from ${range.min} to ${range.max}`);
    },
  };
}
