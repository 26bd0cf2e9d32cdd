import { bytesOf, integer } from '../scanBytes';

/** A safetensors file of zeros. @param tensors shape of each tensor, all of F32 */
export function safetensors(tensors: Record<string, number[]>): Uint8Array {
  let end = 0;
  const entries = Object.entries(tensors).map(([name, shape]) => {
    const start = end;
    end += 4 * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }];
  });
  const header = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) });
  return bytesOf(integer(header.length, 8), header, new Uint8Array(end));
}

/** A sharded model of transformers with a template that runs code and code of its own. */
export function llama(): Record<string, Uint8Array | string> {
  const json = (value: unknown) => JSON.stringify(value, null, 2);
  return {
    'config.json': json({
      model_type: 'llama',
      architectures: ['LlamaForCausalLM'],
      transformers_version: '4.44.0',
      auto_map: { AutoModel: 'modeling_x.Model' },
    }),
    'README.md': '---\nlicense: apache-2.0\nbase_model:\n- acme/base\n---\n# Model\n',
    'tokenizer_config.json': json({ chat_template: "{{ ''.__class__.__mro__ }}" }),
    'merges.txt': 'a b\n',
    'modeling_x.py': 'class Model: pass\n',
    'model-00001-of-00002.safetensors': safetensors({ a: [4, 4], b: [2, 2] }),
    'model-00002-of-00002.safetensors': safetensors({ c: [10, 10] }),
    'model.safetensors.index.json': json({
      weight_map: {
        a: 'model-00001-of-00002.safetensors',
        b: 'model-00001-of-00002.safetensors',
        c: 'model-00002-of-00002.safetensors',
      },
    }),
  };
}
