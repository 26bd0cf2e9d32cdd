/** The parts of Python that decide what a call is and what it is given: expressions, and what a statement binds. */

interface Range {
  readonly start: number;
  readonly end: number;
}

export interface NameNode extends Range {
  readonly kind: 'name';
  readonly name: string;
}

export interface MemberNode extends Range {
  readonly kind: 'member';
  readonly object: Node;
  readonly property: string;
  readonly propertyStart: number;
}

export interface SubscriptNode extends Range {
  readonly kind: 'subscript';
  readonly object: Node;
  readonly index: Node | undefined;
}

export interface Argument extends Range {
  readonly value: Node;
  readonly name?: string;
  /** `*args` is 1, `**kwargs` is 2. */
  readonly stars?: 1 | 2;
}

export interface CallNode extends Range {
  readonly kind: 'call';
  readonly callee: Node;
  readonly args: readonly Argument[];
  readonly open: number;
  /** Offset of the closing bracket; -1 when it is missing. */
  readonly close: number;
}

/** A literal without replacements; its text is read from the source. */
export interface StringNode extends Range {
  readonly kind: 'string';
}

/** A format string with what is put into it. */
export interface FormatNode extends Range {
  readonly kind: 'format';
  readonly values: readonly Node[];
}

/** Literals side by side. */
export interface StringsNode extends Range {
  readonly kind: 'strings';
  readonly parts: readonly Node[];
}

export interface BinaryNode extends Range {
  readonly kind: 'binary';
  readonly operator: string;
  readonly left: Node;
  readonly right: Node;
}

export interface GroupNode extends Range {
  readonly kind: 'group';
  readonly inner: Node;
}

export interface SequenceNode extends Range {
  readonly kind: 'sequence';
  readonly bracket: '' | '(' | '[' | '{';
  readonly items: readonly Node[];
}

export interface Parameter extends Range {
  readonly name: string;
  readonly value?: Node;
}

export interface LambdaNode extends Range {
  readonly kind: 'lambda';
  readonly parameters: readonly Parameter[];
  readonly body: Node;
}

export interface ComprehensionNode extends Range {
  readonly kind: 'comprehension';
  readonly elements: readonly Node[];
  /** Names that `for` binds, each with what is gone through. */
  readonly clauses: readonly { readonly names: readonly string[]; readonly subject: Node }[];
  readonly conditions: readonly Node[];
}

/** A number, a constant, or what could not be read. */
export interface LiteralNode extends Range {
  readonly kind: 'literal';
}

/** Whatever only holds other expressions: `not x`, `a if b else c`, `await x`, slices. */
export interface CompositeNode extends Range {
  readonly kind: 'composite';
  readonly word: string;
  readonly parts: readonly Node[];
}

export type Node =
  | NameNode
  | MemberNode
  | SubscriptNode
  | CallNode
  | StringNode
  | FormatNode
  | StringsNode
  | BinaryNode
  | GroupNode
  | SequenceNode
  | LambdaNode
  | ComprehensionNode
  | LiteralNode
  | CompositeNode;

/** How a statement gives a name its meaning. */
export interface Binding {
  readonly name: string;
  /** `each`: one of the elements of the value; `default`: that of a parameter; `opaque`: a function, an exception. */
  readonly how: 'import' | 'value' | 'context' | 'each' | 'default' | 'class' | 'opaque';
  /** Dotted path of an import. */
  readonly path?: string;
  readonly value?: Node;
  /** The parameter that is bound, when it is one. */
  readonly parameter?: Parameter;
  /** Where a class is defined, and what it is derived from. */
  readonly definition?: { readonly start: number; readonly bases: readonly Node[] };
}

export interface Statement extends Range {
  /** First word, when it is one of Python's; `@` for a decorator, the empty string for an expression or an assignment. */
  readonly word: string;
  readonly bindings: readonly Binding[];
  /** Expressions in the order of the text. */
  readonly parts: readonly Node[];
  /** Left sides and right side of an assignment. */
  readonly targets?: readonly Node[];
  readonly value?: Node;
  readonly parameters?: readonly Parameter[];
  /** Modules whose names are all imported by `from m import *`. */
  readonly star?: string;
}

const NONE: readonly Node[] = [];

function calleeAndArguments({ callee, args }: CallNode): Node[] {
  const found: Node[] = [callee];
  for (const { value } of args) found.push(value);
  return found;
}

/** Expressions directly inside another, in the order of the text. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'member':
      return [node.object];
    case 'subscript':
      return node.index ? [node.object, node.index] : [node.object];
    case 'call':
      return calleeAndArguments(node);
    case 'format':
      return node.values;
    case 'strings':
      return node.parts;
    case 'binary':
      return [node.left, node.right];
    case 'group':
      return [node.inner];
    case 'sequence':
      return node.items;
    case 'lambda':
      return [...node.parameters.flatMap(({ value }) => (value ? [value] : [])), node.body];
    case 'comprehension':
      return [...node.elements, ...node.clauses.map(({ subject }) => subject), ...node.conditions];
    case 'composite':
      return node.parts;
    default:
      return NONE;
  }
}
