import type { Diagnostic, DiagnosticCode } from "./diagnostic.ts";

export interface Problem {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly hint?: string | null;
}

const diagnosticsMax = 100;

/** Collects the problems of one file in any order and hands them out in the order of the file. */
export class DiagnosticLog {
  readonly file: string;
  #source: string;
  readonly #lineStarts: number[];
  readonly #diagnostics = new Map<string, Diagnostic>();
  #dropped = 0;

  constructor(file: string, source: string) {
    this.file = file;
    this.#source = source;
    this.#lineStarts = lineStartsOf(source);
  }

  /** The text of the file, without what was concealed. */
  get source(): string {
    return this.#source;
  }

  /** Nobody is shown what stands there; everything else keeps its place. */
  conceal(from: number, to: number): void {
    const hidden = this.#source.slice(from, to).replaceAll(/\S/g, "*");
    this.#source = this.#source.slice(0, from) + hidden + this.#source.slice(to);
  }

  error(offset: number, problem: Problem): void {
    this.#add("error", offset, problem);
  }

  warning(offset: number, problem: Problem): void {
    this.#add("warning", offset, problem);
  }

  /** By line, then column. */
  get diagnostics(): readonly Diagnostic[] {
    return [...this.#diagnostics.values()].toSorted((a, b) => a.line - b.line || a.column - b.column);
  }

  get hasErrors(): boolean {
    return this.diagnostics.some(({ severity }) => severity === "error");
  }

  /** How many more there were than are kept. */
  get dropped(): number {
    return this.#dropped;
  }

  #add(severity: Diagnostic["severity"], offset: number, { code, message, hint }: Problem): void {
    const line = this.#lineAt(offset);
    const column = offset - this.#lineStarts[line - 1]! + 1;
    // A value behind an alias is looked at once per alias, but is one problem.
    const key = `${code} ${line}:${column} ${message}`;
    if (this.#diagnostics.has(key)) return;
    if (this.#diagnostics.size >= diagnosticsMax) {
      this.#dropped++;
      return;
    }
    const { file } = this;
    this.#diagnostics.set(key, { severity, code, message, file, line, column, ...(hint ? { hint } : {}) });
  }

  #lineAt(offset: number): number {
    let [low, high] = [0, this.#lineStarts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }
}

function lineStartsOf(source: string): number[] {
  const starts = [0];
  for (let end = source.indexOf("\n"); end !== -1; end = source.indexOf("\n", end + 1)) starts.push(end + 1);
  return starts;
}
