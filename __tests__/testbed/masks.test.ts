import { describe, expect, test } from '@jest/globals';
import { LogMasker } from '../../testbed/runner/log-masker.ts';
import { secretForms, secretsIn } from '../../testbed/runner/secret-forms.ts';
import { StepOutput } from '../../testbed/runner/step-output.ts';
import { parseWorkflowCommand } from '../../testbed/runner/workflow-command.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('A masked secret does not show', () => {
  test.each([
    ['as it is', `p"a's<s>&wörd`],
    ['in JSON', `p\\"a's<s>&wörd`],
    ['in XML', 'p&quot;a&apos;s&lt;s&gt;&amp;wörd'],
    ['in a URI component', 'p%22a%27s%3Cs%3E%26w%C3%B6rd'],
    ['in base64', base64(`p"a's<s>&wörd`)],
    ['in base64 after one other byte', base64(`"a's<s>&wörd`)],
    ['in base64 after two other bytes', base64(`a's<s>&wörd`)],
  ])('%s', (_form, text) => {
    const masker = new LogMasker();
    masker.add(`p"a's<s>&wörd`);
    expect(masker.mask(`<${text}>`)).toBe('<***>');
  });

  test('by one of its lines', () => {
    const masker = new LogMasker();
    masker.add('one\r\ntwo\n');
    expect(masker.mask('one and two')).toBe('*** and ***');
  });

  test('where it overlaps with another, or adjoins it', () => {
    const masker = new LogMasker();
    masker.add('abcd');
    masker.add('cdef');
    expect(masker.mask('xabcdefy abcdcdef')).toBe('x***y ***');
  });

  test('after the line that masks it, and shows before it', () => {
    const output = new StepOutput(new LogMasker(), false, () => {});
    const take = output.open();
    for (const piece of [
      'hunter2\n::add-mask::hun',
      'ter2\r',
      '\nhunter2\r::error::not hunter2',
      undefined,
    ]) {
      take(piece);
    }
    expect(output.visible).toBe('hunter2\n***\nError: not ***\n');
    expect(output.annotations).toEqual([{ level: 'error', message: 'not ***' }]);
  });
});

test('a command that no step here needs fails the step', () => {
  const output = new StepOutput(new LogMasker(), false, () => {});
  output.open()('::set-output name=token::x\n');
  expect(output.failed).toBe(true);
});

test('workflow commands are read in both spellings, each with its own escapes', () => {
  expect(parseWorkflowCommand(' ::error file=a%2Cb,line=1::x%2C%0D%25')).toEqual({
    name: 'error',
    text: 'x%2C\r%',
  });
  expect(parseWorkflowCommand('say ##[Warning a=b;c=%5D]d%3B%0A')).toEqual({ name: 'warning', text: 'd;\n' });
  for (const line of ['', '::', '::error', 'x ::error::y', '##[error', '::nothing::x', '\ufeff::error::x']) {
    expect(parseWorkflowCommand(line)).toBeUndefined();
  }
});

describe('A secret is found', () => {
  const secret = 'fake "pass?~>wörd"';

  test.each(secretForms(secret))('as %s', (text) => {
    expect(secretsIn(`a=${text} b`, [secret, 'another-secret'])).toEqual([secret]);
  });

  test.each([
    ['without the surrounding white space', '  some secret\r\n', 'some secret'],
    ['by one of its lines in base64', 'first line\nsecond line', base64('second line')],
    ['in base64 within other text', secret, base64(`x${secret} and more`)],
  ])('%s', (_how, given, text) => {
    expect(secretsIn(`a=${text} b`, [given])).toEqual([given]);
  });

  test.each([
    ['in another text', secret, 'fake and "pass?~>wörd"'],
    ['by a form of fewer than six characters', 'a\nb\nc', 'a b c'],
  ])('but not %s', (_how, given, text) => {
    expect(secretsIn(text, [given])).toEqual([]);
  });
});
