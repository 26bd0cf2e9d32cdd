/** Functions that are not called where they stand but handed to something that calls them: `map(eval, lines)`. */
import type { Names } from '../names';
import type { Call, Judgement } from './call';

const APPLIES =
  /(?:^|\.)(?:map|filter|reduce|apply|applymap|transform|agg|imap|imap_unordered|starmap|map_async|apply_async|submit|run_in_executor|to_thread|Thread|Process|map_partitions|foreach|vectorize)$/;

const LOADS =
  /^(?:(?:_?pickle|cPickle|dill|cloudpickle|marshal)\.loads?|joblib\.load|torch\.load|pandas\.read_pickle)$/;

/** @returns what is wrong with a function that the call hands on, if anything */
export function judgeHanded(call: Call, names: Names): Judgement | undefined {
  if (!APPLIES.test(call.path)) return undefined;
  const handed = [
    ...call.args,
    ...['func', 'function', 'target', 'fn'].flatMap((key) => call.keywords.get(key)?.value ?? []),
  ];
  for (const argument of handed.slice(0, 3)) {
    if (argument.kind !== 'name' && argument.kind !== 'member') continue;
    const path = names.value(argument).path;
    if (path === 'eval' || path === 'exec') {
      return {
        rule: 'dynamic-code',
        severity: 'medium',
        message: `${path} is applied to values: whoever controls one of them runs code here.`,
        evidence: `(${path}, …)`,
      };
    }
    if (path !== undefined && LOADS.test(path)) {
      return {
        rule: path === 'torch.load' ? 'torch-load' : 'pickle-load',
        severity: 'medium',
        message: `${path} is applied to values: it runs any code the data holds.`,
        evidence: `(${path}, …)`,
      };
    }
  }
  return undefined;
}
