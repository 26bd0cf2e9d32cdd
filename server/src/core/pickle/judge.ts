/** From what a stream would do to findings: one for each dangerous call, one for each dangerous thing that is only there. */
import type { Severity } from '../finding';
import { evidenceText } from '../redact';
import type { Rule } from '../rule';
import type { FindingDraft } from '../scanner';
import { dillType } from './evaluate';
import type { PickleTrace } from './machine';
import { OPCODES } from './opcodes';
import { isClassName, judgeName } from './policy';
import { dangerousWord, OTHER_STDLIB } from './policyDanger';
import { isEmptyObject, isModelModule, LIBRARIES } from './policySafe';
import { CAPABILITY_TEXT, type Capability, type Verdict } from './policyTypes';
import { renderCall } from './render';
import { PICKLE_RULES } from './rules';
import { judgeSource } from './sourceCode';
import {
  NONE,
  PickleCall,
  PickleComputed,
  PickleContainer,
  PickleExtension,
  PickleGlobal,
  PicklePersistent,
  type Ref,
  Tag,
  tagOf,
  Use,
} from './values';

const GRAVE: ReadonlySet<Capability> = new Set([
  'process',
  'code',
  'import',
  'native',
  'unpickle',
  'install',
  'tamper',
]);
const MILD: ReadonlySet<Capability> = new Set(['callback', 'side-effect']);
/** Findings of one callable in one stream; the rest is counted. */
const PER_CALLABLE = 5;

const PACKAGED_GRAPH = 'torch.fx.graph_module.reduce_package_graph_module';

/** Longest source of a graph module that is read. */
const GRAPH_SOURCE = 2 * 2 ** 20;

/** Findings of nested payloads, by the offset of their first byte, worst severity. */
export type NestedSeverity = ReadonlyMap<number, Severity>;

export function verdictOf(global: PickleGlobal): Verdict {
  if (isEmptyObject(global.module, global.name) && !(global.uses & ~(Use.Referenced | Use.Constructed))) {
    return { tier: 'safe', why: 'an empty object, which the file only constructs', by: 'exact' };
  }
  if (global.unresolved) {
    return { tier: 'dangerous', capability: 'attribute', why: 'its name is computed while loading', by: 'shape' };
  }
  // Named by `numpy.core.multiarray._reconstruct`, which makes an empty array of it (machine.ts); its own `__new__` opens a file.
  if (global.path === 'numpy.memmap' && global.uses === Use.Referenced) {
    return { tier: 'safe', why: 'the subtype of an array that is rebuilt', by: 'exact' };
  }
  return judgeName(global.module, global.name);
}

/** True when the global can run code or commands. */
export function isGrave(global: PickleGlobal): boolean {
  const { tier, capability, by } = verdictOf(global);
  return (
    tier === 'dangerous' && capability !== undefined && GRAVE.has(capability) && (by === 'exact' || by === 'family')
  );
}

/** True when nothing about the calls of a global needs to be kept. */
export function isQuiet(global: PickleGlobal): boolean {
  if (global.unresolved || global.computed) return false;
  const { tier, argument, capability } = judgeName(global.module, global.name);
  return tier === 'safe' && argument === undefined && capability === undefined && !EVALUATED.has(global.path);
}

/** Harmless callables that the machine evaluates, so their calls must reach it. */
const EVALUATED = new Set([
  'builtins.str',
  'builtins.bytes',
  'builtins.bytearray',
  'builtins.object.__getattribute__',
  'operator.add',
  'operator.concat',
  'operator.iadd',
  'operator.iconcat',
  '_operator.add',
  '_operator.concat',
  '_operator.iadd',
  '_operator.iconcat',
]);

/** What dill writes as the text of a value; anything else is code. */
const DILL_REPR = /^(?:Ellipsis|NotImplemented|range\(-?\d{1,18}(?:, -?\d{1,18}){0,2}\))$/;

/** A line of the template as SciPy writes it. */
const TEMPLATE_LINE =
  /^\s*$|^def _parse_args(?:_rvs|_stats)?\(self,[\w ,=.']*\):$|^ {4}return (?:self\._argcheck_rvs)?\([\w ,=]*\)[\w ,]*$/;

/** Names of ordinary methods and of the special ones that lead to nothing but the object itself. */
const PLAIN_ATTRIBUTE = /^(?:_?[A-Za-z]\w*|__(?:hash|len|eq|ne|lt|le|gt|ge|iter|next|contains|str|repr|bool)__)$/;

/** Built-in functions that compute a value of what they are given. */
const COMPUTES = new Set(
  'abs all any ascii bin bool chr divmod format hash hex isinstance issubclass len oct ord pow repr round sum'.split(
    ' ',
  ),
);

/** Methods of text and bytes by which a bound method of a constant does nothing but compute. */
const TEXT_METHODS =
  /^(?:capitalize|casefold|center|count|decode|encode|endswith|expandtabs|find|format|index|is[a-z]+|join|ljust|lower|lstrip|partition|removeprefix|removesuffix|replace|rfind|rindex|rjust|rpartition|rsplit|rstrip|split|splitlines|startswith|strip|swapcase|title|translate|upper|zfill)$/;

function computes(name: string): boolean {
  const method = /^(?:str|bytes)\.(\w+)$/.exec(name);
  return method ? TEXT_METHODS.test(method[1] as string) : COMPUTES.has(name);
}

/** Library classes whose instances are called to get a class of that library. */
const CLASS_MAKERS = new Set(['torch_geometric.data.batch.DynamicInheritanceGetter']);

/** Adapters that call what they are given before loading ends, or as soon as the result is walked over. */
const CALLS_AT_ONCE =
  /^(?:builtins\.(?:map|filter|sorted|max|min|apply|reduce|next)|itertools\.\w+|_?functools\.reduce)$/;

const PLACE = /^(?:[a-z][a-z\d+.-]*:\/\/|\/|\.{1,2}[\\/]|~[\\/]|[a-z]:[\\/]|\\\\)/i;

function callSeverity(verdict: Verdict): Severity {
  const { capability, by } = verdict;
  if (!capability) return 'medium';
  if (MILD.has(capability)) return 'medium';
  if (by === 'word') return 'high';
  return GRAVE.has(capability) ? 'critical' : 'high';
}

function isCodeFamily(global: PickleGlobal): boolean {
  return (
    /^(?:dill|cloudpickle|numba\.cloudpickle|joblib\.externals\.cloudpickle|ray\.cloudpickle|pyspark\.cloudpickle|sklearn\.externals\.joblib\.externals\.cloudpickle)(?:\.|$)/.test(
      global.module,
    ) && !/(?:^|\.)(?:loads?|subimport|_import_module)$/.test(global.name)
  );
}

interface Judged {
  drafts: FindingDraft[];
  globals: { name: string; verdict: 'safe' | 'unknown' | 'dangerous'; called: boolean; why?: string }[];
}

/**
 * @param strict unknown callables are high when called and low when only referenced
 * @param ownModules modules that the archive around the pickle brings along and that are judged themselves
 * @param nested severities of payloads inside constants, for loaders whose argument is another pickle
 */
export async function judgeTrace(
  trace: PickleTrace,
  { strict, nested, ownModules }: { strict: boolean; nested: NestedSeverity; ownModules?: (module: string) => boolean },
): Promise<Judged> {
  const { machine } = trace;
  const drafts: FindingDraft[] = [];
  const verdicts = new Map<PickleGlobal, Verdict>();
  for (const global of trace.globals) verdicts.set(global, verdictOf(global));
  const reported = new Map<PickleGlobal, number>();
  let held: Set<PickleCall> | undefined;

  const add = (rule: Rule, severity: Severity, message: string, offset: number, extra: Partial<FindingDraft> = {}) => {
    drafts.push({ rule, severity, message, location: { offset }, ...extra });
  };

  for (const call of trace.calls) {
    const callee = machine.object(call.fn);
    if (callee instanceof PickleGlobal) {
      const verdict = verdicts.get(callee) as Verdict;
      if (call.state && /^scipy\.stats\b/.test(callee.module) && (await bringsTemplate(call))) {
        add(
          PICKLE_RULES['code-object'],
          'critical',
          `Loading the file runs code from the state of ${evidenceText(callee.path)}: SciPy executes the template of its argument parser.`,
          call.offset,
          { evidence: evidenceText(callee.path), anchor: `template ${callee.path}`, data: { callable: callee.path } },
        );
      }
      const outcome = await judgeCall(call, callee, verdict);
      if (!outcome) continue;
      const count = reported.get(callee) ?? 0;
      reported.set(callee, count + 1);
      // One unknown class makes hundreds of objects; each call of a dangerous function is a thing of its own.
      if (count >= (verdict.tier === 'dangerous' ? PER_CALLABLE : 1)) continue;
      const text = evidenceText(await renderCall(machine, call), 300);
      const { severity, rule } = outcome;
      const { capability } = verdict;
      const what = capability && verdict.tier !== 'unknown' ? `which ${CAPABILITY_TEXT[capability]}` : `${verdict.why}`;
      const verb = call.opcode.startsWith('NEWOBJ') ? 'constructs' : 'calls';
      add(
        rule,
        severity,
        `Loading the file ${verb} ${text}${capability && verdict.tier !== 'unknown' ? ', ' : ': '}${outcome.why ?? what}.`,
        call.offset,
        {
          evidence: text,
          anchor: `${call.opcode} ${text}`,
          data: {
            callable: evidenceText(callee.path),
            opcode: call.opcode,
            call: text,
            calls: callee.calls,
            ...(capability && { capability }),
            ...(callee.original && { pythonTwoName: evidenceText(callee.original) }),
            why: verdict.why,
          },
        },
      );
    } else if (callee instanceof PickleExtension) {
      add(
        PICKLE_RULES['unknown-call'],
        strict ? 'high' : 'medium',
        `Loading the file calls entry ${callee.code} of the copyreg extension registry, whatever the loading program has registered there.`,
        call.offset,
        { data: { opcode: call.opcode, extension: callee.code } },
      );
    } else if (callee instanceof PickleCall || callee instanceof PicklePersistent) {
      const maker = callee instanceof PickleCall ? machine.object(callee.fn) : undefined;
      const made = maker instanceof PickleGlobal ? verdicts.get(maker) : undefined;
      // `__new__` of a class that a harmless call made, such as SymPy's undefined functions.
      if (call.opcode.startsWith('NEWOBJ') && made?.tier === 'safe' && !made.argument) continue;
      if (maker instanceof PickleGlobal && CLASS_MAKERS.has(maker.path)) continue;
      const text = evidenceText(await renderCall(machine, call), 300);
      add(
        PICKLE_RULES['unknown-call'],
        made?.argument || made?.tier === 'dangerous' || strict ? 'high' : 'medium',
        `Loading the file calls the result of another call, ${text}; what runs is decided while loading.`,
        call.offset,
        { evidence: text, anchor: text, data: { opcode: call.opcode, call: text } },
      );
    }
  }

  for (const global of trace.globals) {
    const verdict = verdicts.get(global) as Verdict;
    const name = evidenceText(global.path || '?', 160);
    const holder = global.holder ? evidenceText(global.holder.path, 120) : undefined;
    const base = {
      evidence: name,
      data: {
        callable: name,
        opcode: global.opcode,
        ...(verdict.capability && { capability: verdict.capability }),
        why: verdict.why,
      },
    };
    if (global.uses & Use.Overwritten) {
      add(
        PICKLE_RULES['object-overwritten'],
        'high',
        `Loading the file sets attributes or items of the imported ${name}, which changes the loading process itself.`,
        global.useOffset,
        { ...base, anchor: `overwritten ${name}` },
      );
    }
    if (global.unresolved) {
      add(
        PICKLE_RULES['hidden-name'],
        'high',
        'The name of an imported callable is computed while the file is loaded, so that it cannot be read from the file.',
        global.offset,
        { data: { opcode: global.opcode }, anchor: 'hidden name' },
      );
      continue;
    }
    const extra = (reported.get(global) ?? 0) - PER_CALLABLE;
    if (extra > 0 && verdict.tier === 'dangerous') {
      add(
        PICKLE_RULES['dangerous-call'],
        'info',
        `${extra + Math.max(0, global.calls - (reported.get(global) ?? 0))} more calls of ${name} are not listed.`,
        global.offset,
        { anchor: `more ${name}` },
      );
    }
    if (reported.has(global)) continue;
    // The importer of a package calls it with the name of a module of the package, which is judged as source.
    if (ownModules && global.path === PACKAGED_GRAPH && !(global.uses & Use.Called)) continue;
    if (verdict.tier === 'dangerous') {
      const capability = verdict.capability as Capability;
      const severity = referenceSeverity(global, verdict, capability, trace.error !== undefined);
      const how =
        global.uses & Use.Passed
          ? `hands ${name}${holder ? ` to ${holder}` : ' on'}`
          : global.uses & Use.Stored
            ? `stores ${name} in ${holder ? `a ${holder}` : 'an object'}, which may call it when it is used`
            : `imports ${name} without calling it`;
      const code = isCodeFamily(global) && capability === 'code';
      add(
        code ? PICKLE_RULES['code-object'] : PICKLE_RULES['dangerous-reference'],
        code && severity === 'info' ? 'low' : severity,
        `Loading the file ${how}; it ${CAPABILITY_TEXT[capability]}.`,
        global.useOffset,
        { ...base, anchor: `reference ${name}` },
      );
    } else if (verdict.tier === 'unknown' && strict && !(global.uses & (Use.Called | Use.Constructed))) {
      add(PICKLE_RULES['dangerous-reference'], 'low', `The file imports ${name}: ${verdict.why}.`, global.offset, {
        ...base,
        anchor: `reference ${name}`,
      });
    }
    if (global.computed && global.opcode === 'STACK_GLOBAL') {
      add(
        PICKLE_RULES['hidden-name'],
        'high',
        `The name ${name} is put together while the file is loaded instead of standing in it.`,
        global.offset,
        { ...base, anchor: `computed ${name}` },
      );
    }
  }

  return {
    drafts,
    globals: trace.globals.slice(0, 2000).map((global) => {
      const verdict = verdicts.get(global) as Verdict;
      return {
        name: evidenceText(global.path, 160),
        verdict: verdict.tier === 'library' ? 'safe' : verdict.tier,
        called: (global.uses & (Use.Called | Use.Constructed)) !== 0,
        why: verdict.why,
      };
    }),
  };

  function argumentsOf(call: PickleCall): readonly Ref[] {
    const args = machine.object(call.args);
    return args instanceof PickleContainer ? args.items : [];
  }

  /**
   * `rv_generic.__setstate__` of SciPy (`stats/_distn_infrastructure.py`) executes the text `_parse_arg_template` of the state,
   * three definitions that only pass arguments on. True when it is anything else.
   */
  async function bringsTemplate(call: PickleCall): Promise<boolean> {
    const state = machine.object(call.state);
    if (!(state instanceof PickleContainer)) return false;
    for (let i = 0; i + 1 < state.items.length; i += 2) {
      if ((await machine.resolve(state.items[i] as Ref, 64)) !== '_parse_arg_template') continue;
      const text = await machine.resolve(state.items[i + 1] as Ref);
      if (text === undefined || text.split('\n').some((line) => !TEMPLATE_LINE.test(line))) return true;
    }
    return false;
  }

  function isOneNumber(call: PickleCall): boolean {
    const args = argumentsOf(call);
    return args.length === 1 && tagOf(args[0] as Ref) === Tag.Int;
  }

  /** An argument that is an absolute or relative path or an address; picklers hand state to classes, no places. */
  async function takesPlace(call: PickleCall): Promise<boolean> {
    for (const ref of argumentsOf(call).slice(0, 8)) {
      if (tagOf(ref) === Tag.Text && PLACE.test((await machine.resolve(ref, 256)) ?? '')) return true;
    }
    return false;
  }

  /** True when the object is kept in the state of an object of a known library, as a transformer keeps its function. */
  function isHeldByLibrary(call: PickleCall): boolean {
    if (!held) {
      held = new Set();
      for (const { fn, state } of machine.objects.filter((object) => object instanceof PickleCall)) {
        const owner = machine.object(fn);
        if (!state || !(owner instanceof PickleGlobal) || verdicts.get(owner)?.tier !== 'library') continue;
        const pending: Ref[] = [state];
        for (let steps = 0; pending.length && steps < 10_000; steps += 1) {
          const object = machine.object(pending.pop() as Ref);
          if (object instanceof PickleContainer) pending.push(...object.items);
          else if (object instanceof PickleCall) held.add(object);
        }
      }
    }
    return held.has(call);
  }

  /** What is to be said of one call of an imported callable; undefined when nothing is. */
  async function judgeCall(
    call: PickleCall,
    callee: PickleGlobal,
    verdict: Verdict,
  ): Promise<{ rule: Rule; severity: Severity; why?: string } | undefined> {
    // INST and OBJ without arguments only make an object of a class too (`_instantiate`, for old classes of Python 2).
    const constructed =
      call.opcode.startsWith('NEWOBJ') ||
      ((call.opcode === 'INST' || call.opcode === 'OBJ') &&
        argumentsOf(call).length === 0 &&
        isClassName(callee.module, callee.name));
    const unknown = (severity: Severity, why?: string) => ({
      rule: PICKLE_RULES['unknown-call'],
      severity: strict && severity === 'medium' ? ('high' as const) : severity,
      ...(why && { why }),
    });
    switch (verdict.tier) {
      case 'safe':
        return verdict.argument ? judgeArguments(call, verdict) : undefined;
      case 'library':
        if (verdict.argument) return judgeArguments(call, verdict);
        if (!verdict.capability && !constructed && (await takesPlace(call))) {
          return unknown('medium', 'its constructor is given a path or an address, which it may open');
        }
        if (!verdict.capability || constructed) return undefined;
        // An enumeration is restored by calling its class with the member's number.
        if (isOneNumber(call) && !(verdict.by === 'family' && GRAVE.has(verdict.capability))) return undefined;
        return { rule: PICKLE_RULES['dangerous-call'], severity: 'high' };
      case 'unknown': {
        const outcome = verdict.argument && (await judgeArguments(call, verdict));
        if (outcome) return outcome;
        // An enumeration of the standard library is restored in the same way.
        if (verdict.by === 'class' && OTHER_STDLIB.has(callee.module.split('.')[0] as string) && isOneNumber(call)) {
          return undefined;
        }
        // `__new__` of a plain function is an error, so this is a class, and one of a library that models are made of.
        // What stands in `__main__` is the loading program's own and nothing that a file can bring or choose.
        const root = callee.module.split('.')[0] as string;
        const own =
          (root === '__main__' && isClassName(callee.module, callee.name)) || ownModules?.(callee.module) === true;
        if (constructed && (own || verdict.by === 'class' || isModelModule(callee.module))) {
          return unknown('info');
        }
        return unknown('medium');
      }
      default:
        if (isCodeFamily(callee) && verdict.capability === 'code') {
          return { rule: PICKLE_RULES['code-object'], severity: 'high' };
        }
        return { rule: PICKLE_RULES['dangerous-call'], severity: callSeverity(verdict) };
    }
  }

  /**
   * A callable argument that is known to be harmless to call.
   * @param atOnce it is called while loading; what is only kept may be any function of a library
   */
  function harmless(ref: Ref | undefined, atOnce: boolean): boolean {
    const object = ref === undefined ? undefined : machine.object(ref);
    if (object instanceof PickleGlobal) {
      const verdict = verdicts.get(object);
      if (object.module === 'builtins' && computes(object.name)) return true;
      if (!verdict || verdict.tier === 'dangerous') return false;
      if (verdict.tier === 'unknown') {
        const root = object.module.split('.')[0] as string;
        return !atOnce && (LIBRARIES.has(root) || (OTHER_STDLIB.has(root) && root !== 'builtins'));
      }
      return !(atOnce && verdict.capability);
    }
    if (object instanceof PickleCall) {
      const fn = machine.object(object.fn);
      return (
        fn instanceof PickleGlobal && verdicts.get(fn)?.tier !== 'dangerous' && verdicts.get(fn)?.tier !== 'unknown'
      );
    }
    return false;
  }

  async function judgeArguments(
    call: PickleCall,
    verdict: Verdict,
  ): Promise<{ rule: Rule; severity: Severity; why?: string } | undefined> {
    const args = argumentsOf(call);
    const [first, second] = args;
    const rule = PICKLE_RULES['unknown-call'];
    switch (verdict.argument) {
      case 'adapter': {
        const callee = machine.object(call.fn) as PickleGlobal;
        if (call.opcode.startsWith('NEWOBJ') && first === undefined) return undefined;
        if (callee.name === 'defaultdict' && (first === undefined || first === NONE)) return undefined;
        // `filter(None, ...)` keeps what is true.
        if (first === NONE && /^filter(?:false)?$/.test(callee.name)) return undefined;
        if (harmless(first, CALLS_AT_ONCE.test(callee.path))) return undefined;
        const object = first === undefined ? undefined : machine.object(first);
        // What is dangerous among the arguments has a finding of its own, as something that is handed on.
        if (object instanceof PickleGlobal && verdicts.get(object)?.tier === 'dangerous') return undefined;
        return {
          rule,
          severity: strict ? 'high' : 'medium',
          why: 'it calls what it is given, and that is not known to be harmless',
        };
      }
      case 'getattr': {
        const name = second === undefined ? undefined : await machine.resolve(second);
        const target = first === undefined ? undefined : machine.object(first);
        if (target instanceof PickleGlobal && name !== undefined) return undefined;
        const isText = first !== undefined && (tagOf(first) === Tag.Text || tagOf(first) === Tag.Bytes);
        if ((isText || target instanceof PickleComputed) && name !== undefined && TEXT_METHODS.test(name))
          return undefined;
        if (target instanceof PickleCall && name !== undefined && PLAIN_ATTRIBUTE.test(name) && harmless(first, false))
          return undefined;
        // A bound method of a plain list, set or dictionary.
        if (target instanceof PickleContainer && name !== undefined && /^[a-z]\w*$/.test(name)) return undefined;
        return {
          rule,
          severity: name !== undefined && /^_*[A-Za-z]\w*$/.test(name) && !name.startsWith('__') ? 'medium' : 'high',
          why: 'it takes an attribute of something that is only known while loading',
        };
      }
      case 'attribute-getter': {
        const name = first === undefined ? undefined : await machine.resolve(first);
        if (name !== undefined && /__/.test(name)) {
          return {
            rule: PICKLE_RULES['dangerous-call'],
            severity: 'high',
            why: 'it reaches into interpreter internals',
          };
        }
        const callee = machine.object(call.fn) as PickleGlobal;
        const alone = machine.object(trace.result) === call;
        if (callee.name === 'itemgetter') {
          if (alone) {
            return {
              rule,
              severity: 'medium',
              why: 'the file holds nothing but a function that takes an item of whatever it is given, which is one link of a chain and no data',
            };
          }
          return name !== undefined
            ? undefined
            : { rule, severity: 'low', why: 'it makes a function that takes items' };
        }
        if (!alone && name !== undefined && !dangerousWord(name, false) && isHeldByLibrary(call)) return undefined;
        return {
          rule,
          severity: 'medium',
          why: 'it makes a function that takes an attribute or calls a method of whatever it is given',
        };
      }
      case 'subscript': {
        const target = first === undefined ? undefined : machine.object(first);
        // `typing.Optional[int]`, `collections.abc.Sequence[str]`
        if (target instanceof PickleGlobal && /^(?:typing|types|_?collections(?:_abc|\.abc)?)$/.test(target.module)) {
          return undefined;
        }
        if (target instanceof PickleContainer) return undefined;
        return { rule, severity: 'medium', why: 'it takes an item of something that is only known while loading' };
      }
      case 'dill-type': {
        const target = dillType((first === undefined ? undefined : await machine.resolve(first, 256)) ?? '');
        if (target && judgeName(target.module, target.name).tier !== 'dangerous') return undefined;
        return { rule: PICKLE_RULES['code-object'], severity: 'high', why: 'it takes a type by name, to make code of' };
      }
      case 'dill-repr': {
        const text = first === undefined ? undefined : await machine.resolve(first);
        if (text !== undefined && DILL_REPR.test(text)) return undefined;
        return { rule: PICKLE_RULES['dangerous-call'], severity: 'critical', why: 'it evaluates its argument as code' };
      }
      case 'graph-source':
        return judgeGraphSource(args);
      case 'sympify': {
        for (const ref of args) {
          if (tagOf(ref) !== Tag.Text) continue;
          if (/[([]|__|\blambda\b/.test((await machine.resolve(ref)) ?? '')) {
            return {
              rule: PICKLE_RULES['dangerous-call'],
              severity: 'high',
              why: 'SymPy parses its text as an expression and evaluates it as code',
            };
          }
        }
        return undefined;
      }
      case 'reconstructor': {
        const target = first === undefined ? undefined : machine.object(first);
        if (target instanceof PickleGlobal) return undefined;
        return { rule, severity: 'medium', why: 'what it constructs is not a class that the file names' };
      }
      case 'load-from-bytes': {
        const payload = first === undefined ? undefined : constantOf(first);
        const at = payload === undefined ? undefined : await payloadOffset(payload);
        const inner = at === undefined ? undefined : nested.get(at);
        const clean = inner === 'info' || inner === 'low';
        return {
          rule: PICKLE_RULES['dangerous-call'],
          severity: clean ? 'info' : (inner ?? 'critical'),
          why: clean
            ? 'it loads another pickle from the bytes in it, in which nothing dangerous was found'
            : 'it loads another pickle from its argument',
        };
      }
      case 'codec': {
        const codec = second === undefined ? 'utf-8' : await machine.resolve(second);
        if (
          codec !== undefined &&
          /^(?:latin[-_]?1|iso[-_]?8859[-_]?1|utf[-_]?8|ascii|us-ascii|raw[-_]unicode[-_]escape|unicode[-_]escape|utf[-_]?16|utf[-_]?32|cp1252|rot[-_]?13|hex|hex_codec|base64|base64_codec|surrogatepass)$/i.test(
            codec,
          )
        ) {
          return undefined;
        }
        return { rule, severity: 'medium', why: 'it looks up a codec by an unusual name, which imports a module' };
      }
      case 'ufunc': {
        const module = first === undefined ? undefined : await machine.resolve(first);
        if (module !== undefined && second !== undefined && LIBRARIES.has(module.split('.')[0] as string))
          return undefined;
        return {
          rule: PICKLE_RULES['dangerous-call'],
          severity: 'high',
          why: 'it imports a module by name and takes an attribute of it',
        };
      }
      case 'type':
        return args.length <= 1
          ? undefined
          : { rule: PICKLE_RULES['code-object'], severity: 'high', why: 'it makes a new class' };
      default:
        return undefined;
    }
  }

  /**
   * `reduce_graph_module(body, import_block)` executes `import_block` and the text `_code` of the body, and traces the function it
   * defines, which runs it (`torch/fx/graph_module.py`).
   */
  async function judgeGraphSource(
    args: readonly Ref[],
  ): Promise<{ rule: Rule; severity: Severity; why?: string } | undefined> {
    const body = args[0] === undefined ? undefined : machine.object(args[0]);
    let code: string | undefined;
    let sources = 0;
    if (body instanceof PickleContainer && body.kind === 'dict' && body.items.length === body.count * 2) {
      for (let i = 0; i + 1 < body.items.length; i += 2) {
        const key = await machine.resolve(body.items[i] as Ref, 64);
        if (key !== '_code' && key !== 'code' && tagOf(body.items[i] as Ref) === Tag.Text) continue;
        sources += 1;
        code = await machine.resolve(body.items[i + 1] as Ref, GRAPH_SOURCE);
      }
    }
    // Of two sources the file may run the one and show the other.
    if (sources !== 1) code = undefined;
    const imports = args[1] === undefined ? '' : await machine.resolve(args[1], GRAPH_SOURCE);
    const runs = 'it executes the source code of a graph module';
    if (code === undefined || imports === undefined || code.length >= GRAPH_SOURCE) {
      return {
        rule: PICKLE_RULES['dangerous-call'],
        severity: 'critical',
        why: `${runs}, which is not known to the end`,
      };
    }
    const { dangerous, unknown } = judgeSource(`${imports}\n${code}`);
    const [worst] = dangerous;
    if (worst) {
      return {
        rule: PICKLE_RULES['dangerous-call'],
        severity: 'critical',
        why: `${runs}; in line ${worst.line}, ${evidenceText(worst.name, 80)} ${CAPABILITY_TEXT[worst.capability]}`,
      };
    }
    if (unknown.length > 0) {
      const named = unknown.slice(0, 3).map((name) => evidenceText(name, 60));
      return { rule: PICKLE_RULES['code-object'], severity: 'medium', why: `${runs}, which uses ${named.join(', ')}` };
    }
    return {
      rule: PICKLE_RULES['code-object'],
      severity: 'info',
      why: `${runs}, which was read and does nothing but compute`,
    };
  }

  /** The bytes constant of the stream, or the text that protocol 2 writes for one: `_codecs.encode(text, 'latin1')`. */
  function constantOf(ref: Ref): Ref | undefined {
    if (tagOf(ref) === Tag.Bytes) return ref;
    const object = machine.object(ref);
    if (object instanceof PickleComputed) return object.source || undefined;
    if (!(object instanceof PickleCall)) return undefined;
    const fn = machine.object(object.fn);
    const [text] = argumentsOf(object);
    const encodes = fn instanceof PickleGlobal && fn.path === '_codecs.encode';
    return encodes && text !== undefined && tagOf(text) === Tag.Text ? text : undefined;
  }

  /** Offset of the first byte behind the opcode and its length. */
  async function payloadOffset(ref: Ref): Promise<number> {
    const at = Math.floor(ref / 8);
    const argument = OPCODES[(await machine.source.read(at, 1))[0] ?? 0]?.argument;
    return at + (argument === 'payload1' ? 2 : argument === 'payload4' ? 5 : argument === 'payload8' ? 9 : 1);
  }
}

/** True when it is an argument of something else than a partial, which only keeps it. */
function handedToCaller(global: PickleGlobal): boolean {
  return (global.uses & Use.Passed) !== 0 && !/^_?functools\.partial$/.test(global.holder?.path ?? '');
}

function referenceSeverity(global: PickleGlobal, verdict: Verdict, capability: Capability, broken: boolean): Severity {
  if (MILD.has(capability)) return global.uses & Use.Passed ? 'low' : 'info';
  // A progress hook or log writes to the terminal with it.
  if (global.path === 'builtins.print' && !handedToCaller(global)) return 'low';
  const weak = verdict.by === 'word';
  const grave = GRAVE.has(capability);
  if (global.uses & Use.Passed) {
    if (!weak) return callSeverity(verdict);
    // A partial keeps what it is given; only who uses the object calls it.
    return handedToCaller(global) ? 'medium' : 'low';
  }
  if (global.uses & Use.Stored) return weak ? 'low' : grave ? 'high' : 'medium';
  // Behind the damage there may have been a call.
  if (broken && grave && !weak) return 'high';
  return weak ? 'info' : grave || capability === 'attribute' ? 'medium' : 'low';
}
