import type { LogMasker } from './log-masker.ts';
import { parseWorkflowCommand } from './workflow-command.ts';

/** A line that GitHub also shows on the page of the run. */
export interface Annotation {
  level: 'error' | 'warning' | 'notice';
  /** With masks. */
  message: string;
}

/** Turns the output of a step into the lines of the log, and carries out the workflow commands in it. */
export class StepOutput {
  readonly annotations: Annotation[] = [];
  raw = '';
  /** What the log shows. */
  visible = '';
  /** The debug lines, masked. */
  debugLog = '';
  failed = false;
  readonly #masker: LogMasker;
  readonly #debug: boolean;
  readonly #print: (line: string) => void;

  /**
   * @param debug shows debug lines, too
   * @param print gets each visible line
   */
  constructor(masker: LogMasker, debug: boolean, print: (line: string) => void) {
    this.#masker = masker;
    this.#debug = debug;
    this.#print = print;
  }

  /**
   * Opens a stream of output.
   *
   * @returns takes the next piece of its text, or nothing at its end
   */
  open(): (text?: string) => void {
    let rest = '';
    return (text) => {
      this.raw += text ?? '';
      // The runner's reader ends lines at \n, \r\n and \r. A \r at the end of a piece may be half of a \r\n.
      const lines = (rest + (text ?? '')).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      if (text === undefined && rest !== '') lines.push(rest.replace(/\r$/, ''));
      for (const line of lines) this.#line(line);
    };
  }

  annotate(level: Annotation['level'], message: string): void {
    const masked = this.#masker.mask(message);
    this.annotations.push({ level, message: masked });
    this.#show(`${level.charAt(0).toUpperCase()}${level.slice(1)}: ${masked}`);
  }

  /** An error that makes the step fail. */
  fail(message: string): void {
    this.annotate('error', message);
    this.failed = true;
  }

  #line(line: string): void {
    const { name, text } = parseWorkflowCommand(line) ?? { name: 'none', text: line };
    if (name === 'none') this.#show(line);
    else if (name === 'error' || name === 'warning' || name === 'notice') this.annotate(name, text);
    else if (name === 'add-mask') {
      if (text.trim() !== '') this.#masker.add(text);
      else this.annotate('warning', "Can't add secret mask for empty string in ##[add-mask] command.");
    } else if (name === 'debug') {
      this.debugLog += `${this.debugLog && '\n'}${this.#masker.mask(text)}`;
      if (this.#debug) this.#show(`##[debug]${text}`);
    } else this.fail(`No step here needs the command ${name}, so it may come from outside`);
  }

  #show(text: string): void {
    for (const line of this.#masker.mask(text).split(/\r\n|\r|\n/)) {
      this.visible += `${line}\n`;
      this.#print(line);
    }
  }
}
