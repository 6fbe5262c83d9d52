import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';

/** A function of a source file, with what makes it hard to read. */
export interface FunctionDensity {
  /** `file:line name`. */
  readonly place: string;
  readonly lines: number;
  /** Cyclomatic complexity: one, and one for each branch. Nested functions count for themselves. */
  readonly complexity: number;
  readonly nestedTernaries: number;
}

type Node = Readonly<Record<string, unknown>> & { readonly type: string };
interface Span {
  readonly start: number;
  readonly end: number;
}

const FUNCTIONS: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'Constructor',
  'MethodProperty',
  'GetterProperty',
  'SetterProperty',
]);
const BRANCHES: ReadonlySet<string> = new Set([
  'IfStatement',
  'ConditionalExpression',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
  'CatchClause',
]);
const LOGICAL: ReadonlySet<unknown> = new Set(['&&', '||', '??']);

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** The nodes directly below a node, through lists and wrappers without a type. */
function childrenOf(node: object): readonly Node[] {
  return Object.entries(node).flatMap(([key, value]) => {
    if (key === 'span' || typeof value !== 'object' || value === null) return [];
    if (isNode(value)) return [value];
    return Array.isArray(value)
      ? value.flatMap((each) => (isNode(each) ? [each] : childrenOf(each ?? {})))
      : childrenOf(value);
  });
}

function isBranch(node: Node): boolean {
  if (node.type === 'SwitchCase') return node.test !== null && node.test !== undefined;
  return BRANCHES.has(node.type) || (node.type === 'BinaryExpression' && LOGICAL.has(node.operator));
}

function nameOfNode(node: Node, parent: Node | null): string {
  for (const named of [node.identifier, node.key, parent?.id, parent?.key])
    if (isNode(named) && typeof named.value === 'string') return named.value;
  return node.type === 'Constructor' ? 'constructor' : '(anonymous)';
}

/** Measures every function of a file below a folder. */
export function densityOf(root: string, file: string): readonly FunctionDensity[] {
  // The first statement tells where swc begins to count bytes.
  const bytes = Buffer.from(`0;${readFileSync(join(root, file), 'utf8')}`);
  const module = parseSync(bytes.toString(), { syntax: 'typescript', target: 'es2024' });
  const base = module.body[0]?.span.start ?? 0;
  const lineAt = (offset: number): number =>
    bytes
      .subarray(0, offset - base)
      .toString()
      .split('\n').length;
  const found: FunctionDensity[] = [];

  function measure(node: Node, parent: Node | null): void {
    let complexity = 1;
    let nestedTernaries = 0;
    const visit = (current: Node, above: Node, isInTernary: boolean): void => {
      if (FUNCTIONS.has(current.type)) {
        measure(current, above);
        return;
      }
      if (isBranch(current)) complexity += 1;
      const isTernary = current.type === 'ConditionalExpression';
      if (isTernary && isInTernary) nestedTernaries += 1;
      const carries = isTernary || (isInTernary && current.type === 'ParenthesisExpression');
      for (const child of childrenOf(current)) visit(child, current, carries);
    };
    for (const child of childrenOf(node)) visit(child, node, false);
    const span = node.span as Span;
    const [first, last] = [lineAt(span.start), lineAt(span.end)];
    found.push({
      place: `${file}:${first} ${parent === null && node.type === 'Module' ? '(module)' : nameOfNode(node, parent)}`,
      lines: FUNCTIONS.has(node.type) ? last - first + 1 : 0,
      complexity,
      nestedTernaries,
    });
  }

  measure(module as unknown as Node, null);
  return found;
}
