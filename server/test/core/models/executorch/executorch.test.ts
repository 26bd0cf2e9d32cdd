import assert from 'node:assert/strict';
import { blob, bytes, evil, u32, u64 } from '../../pickle/assembler';
import { scanBytes, verdicts } from '../scanBytes';
import { flatbuffer, int, raw, scalar, table, text, vector } from '../tflite/nodes';

interface Parts {
  operators?: string[];
  delegates?: { id: string; segment?: number; inline?: number; specs?: Record<string, Uint8Array> }[];
  inline?: Uint8Array[];
  segments?: Uint8Array[];
  named?: Record<string, number>;
  behind?: Uint8Array;
}

/** A program as `serialize_pte_binary` lays it out: the FlatBuffer with its header, then the segments, all on 16 bytes. */
function program({
  operators = [],
  delegates = [],
  inline = [],
  segments = [],
  named = {},
  behind,
}: Parts): Uint8Array {
  let offset = 0;
  const places = segments.map((segment) => {
    const at = offset;
    offset += Math.ceil(segment.length / 16) * 16;
    return table(scalar(u64(at)), scalar(u64(segment.length)));
  });
  const plan = table(
    text('forward'),
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    vector(...operators.map((name) => table(text(name), text('out')))),
    vector(
      ...delegates.map(({ id, segment, inline: index = 0, specs = {} }) =>
        table(
          text(id),
          table(scalar(Uint8Array.of(segment === undefined ? 0 : 1)), int(segment ?? index)),
          vector(...Object.entries(specs).map(([key, value]) => table(text(key), raw(value)))),
        ),
      ),
    ),
  );
  const root = table(
    int(0),
    vector(plan),
    undefined,
    vector(...inline.map((data) => table(raw(data)))),
    vector(...places),
    undefined,
    undefined,
    vector(...Object.entries(named).map(([key, index]) => table(text(key), int(index)))),
  );
  const header = (size: number, base: number) => bytes('eh00', u32(24), u64(size), u64(base));
  const size = flatbuffer('ET12', root, header(0, 0)).length;
  const base = Math.ceil(size / 16) * 16;
  const pad = (content: Uint8Array) => bytes(content, new Uint8Array((16 - (content.length % 16)) % 16));
  return bytes(pad(flatbuffer('ET12', root, header(size, base))), ...segments.map(pad), ...(behind ? [behind] : []));
}

const library = bytes(0x7f, 'ELF', 2, 1, 1, new Uint8Array(60));
const numbers = new Uint8Array(64).map((_, i) => (i * 37) & 255);

describe('ExecuTorch', () => {
  it('is quiet about an ordinary program and describes it', async () => {
    const content = program({
      operators: ['aten::add', 'executorch_prim::et_view', 'quantized_decomposed::embedding_byte'],
      delegates: [
        { id: 'XnnpackBackend', segment: 1, specs: { weights: numbers } },
        { id: 'CoreMLBackend', inline: 0 },
      ],
      inline: [numbers],
      segments: [numbers, bytes('XH00', numbers)],
      named: { 'linear.weight': 0 },
    });
    const report = await scanBytes('model.pte', content);
    assert.equal(report.format, 'executorch');
    assert.equal(report.status, 'scanned');
    assert.deepEqual(report.findings, []);
    assert.equal(report.description?.properties?.methods, 'forward');
    assert.equal(report.description?.properties?.delegates, 'XnnpackBackend, CoreMLBackend');
    assert.equal(report.description?.operators?.['aten::add.out'], 1);
  });

  it('names kernels and delegates that ExecuTorch does not bring', async () => {
    const report = await scanBytes(
      'any.bin',
      program({ operators: ['evil::run', 'aten::add'], delegates: [{ id: 'MyBackend' }], inline: [numbers] }),
    );
    assert.deepEqual(verdicts(report), ['low executorch/unknown-delegate', 'medium executorch/custom-operator']);
    assert.match(report.findings.map(({ message }) => message).join(), /evil::run\.out/);
  });

  it('finds native libraries and pickles wherever a program can hold bytes', async () => {
    const aoti = await scanBytes('a.pte', program({ segments: [numbers, library], named: { forward_so_blob: 1 } }));
    assert.ok(verdicts(aoti).includes('high executorch/native-library'));
    const places: Parts[] = [
      { delegates: [{ id: 'XnnpackBackend', segment: 0 }], segments: [evil()] },
      { delegates: [{ id: 'XnnpackBackend', inline: 0 }], inline: [evil()] },
      { delegates: [{ id: 'XnnpackBackend', inline: 0, specs: { x: evil() } }], inline: [numbers] },
      { segments: [evil()], named: { data: 0 } },
      { segments: [numbers, evil()] },
      { segments: [numbers], behind: evil() },
    ];
    for (const [i, parts] of places.entries()) {
      const report = await scanBytes('a.pte', program(parts));
      assert.ok(verdicts(report).includes('critical pickle/dangerous-call'), `place ${i}`);
    }
  });

  it('says when bytes follow the last segment, and lets padding be', async () => {
    const hidden = await scanBytes('a.pte', program({ segments: [numbers], behind: blob(numbers) }));
    assert.deepEqual(verdicts(hidden), ['low executorch/hidden-data']);
    const padded = await scanBytes('a.pte', program({ segments: [numbers], behind: new Uint8Array(100) }));
    assert.deepEqual(verdicts(padded), []);
  });

  it('reports offsets that lie, whatever byte is wrong', async () => {
    const content = program({ delegates: [{ id: 'XnnpackBackend', segment: 9 }], segments: [numbers] });
    assert.deepEqual(verdicts(await scanBytes('a.pte', content)), ['medium executorch/malformed']);
    const cut = program({ segments: [numbers] });
    assert.deepEqual(verdicts(await scanBytes('a.pte', cut.subarray(0, cut.length - 32))), [
      'medium executorch/malformed',
    ]);
    for (let i = 8; i < content.length; i += 7) {
      const damaged = content.slice();
      damaged[i] = (damaged[i] as number) ^ 0xff;
      const report = await scanBytes('a.pte', damaged);
      assert.notEqual(report.status, 'failed', `byte ${i}`);
    }
  });
});
