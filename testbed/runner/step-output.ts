import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { LogMasker } from './log-masker.ts';
import type { Annotation } from './step.ts';
import { COMMAND_NAMES, parseWorkflowCommand, type WorkflowCommand } from './workflow-command.ts';

/** Turns the output of a step into the lines of the log, and carries out the workflow commands in it. */
export class StepOutput {
  readonly annotations: Annotation[] = [];
  raw = '';
  failed = false;
  readonly #masker: LogMasker;
  readonly #debug: boolean;
  readonly #print: (line: string) => void;
  readonly #shown: string[] = [];
  #indent = '';
  #stopToken: string | undefined;

  constructor(masker: LogMasker, debug: boolean, print: (line: string) => void) {
    this.#masker = masker;
    this.#debug = debug;
    this.#print = print;
  }

  get visible(): string {
    return this.#shown.map((line) => `${line}\n`).join('');
  }

  /** Reads a stream to its end, a line at a time. */
  read(stream: Readable): void {
    const lines = new LineSplitter((line) => this.#line(line));
    const decoder = new StringDecoder('utf8');
    const take = (text: string): void => {
      this.raw += text;
      lines.push(text);
    };
    stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
    stream.on('end', () => {
      take(decoder.end());
      lines.end();
    });
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
    if (this.#stopToken !== undefined) {
      if (parseWorkflowCommand(line, new Set([this.#stopToken.toLowerCase()])) !== undefined)
        this.#stopToken = undefined;
      this.#show(line);
      return;
    }
    const command = parseWorkflowCommand(line, COMMAND_NAMES);
    if (command === undefined) this.#show(line);
    else this.#carryOut(command);
  }

  #carryOut({ name, text }: WorkflowCommand): void {
    switch (name) {
      case 'add-mask':
        if (text.trim() === '') {
          this.annotate('warning', "Can't add secret mask for empty string in ##[add-mask] command.");
        } else {
          this.#masker.add(text);
        }
        return;
      case 'error':
      case 'warning':
      case 'notice':
        this.annotate(name, text);
        return;
      case 'debug':
        if (this.#debug) this.#show(`##[debug]${text}`);
        return;
      case 'group':
        this.#show(`▼ ${text}`);
        this.#indent = '  ';
        return;
      case 'endgroup':
        this.#indent = '';
        return;
      case 'stop-commands':
        this.#stopCommands(text);
        return;
      case 'save-state':
      case 'set-output':
      case 'set-env':
      case 'add-path':
        this.fail(`The \`${name}\` command is disabled. Please upgrade to using Environment Files.`);
        return;
      default:
        // echo and the matchers change nothing that the little runner displays.
        return;
    }
  }

  #stopCommands(token: string): void {
    if (token === '' || token === 'pause-logging' || COMMAND_NAMES.has(token.toLowerCase())) {
      this.fail(`Invoked ::stopCommand:: with an unsecure stop token: '${token}'`);
      return;
    }
    this.#stopToken = token;
    if (token.length > 6) this.#masker.add(token);
    this.#show(`::stop-commands::${token}`);
  }

  #show(text: string): void {
    for (const line of this.#masker.mask(text).split(/\r\n|\r|\n/)) {
      this.#shown.push(this.#indent + line);
      this.#print(this.#indent + line);
    }
  }
}

/** Cuts text into lines at \n, \r\n and \r, as the runner's reader does. */
class LineSplitter {
  readonly #take: (line: string) => void;
  #rest = '';
  #afterReturn = false;

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  push(text: string): void {
    if (text === '') return;
    const added = this.#afterReturn && text.startsWith('\n') ? text.slice(1) : text;
    this.#afterReturn = text.endsWith('\r');
    const lines = (this.#rest + added).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
  }

  end(): void {
    if (this.#rest !== '') this.#take(this.#rest);
    this.#rest = '';
  }
}
