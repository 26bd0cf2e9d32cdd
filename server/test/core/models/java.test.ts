import assert from 'node:assert/strict';
import { bytesOf, integer, scanBytes, verdicts } from './scanBytes';

const HEADER = [0xac, 0xed, 0, 5];
const utf = (name: string | Uint8Array) => {
  const bytes = typeof name === 'string' ? new TextEncoder().encode(name) : name;
  return bytesOf(integer(bytes.length, 2, false), bytes);
};
/** TC_OBJECT with a TC_CLASSDESC of no fields and no super class. */
const object = (name: string | Uint8Array) =>
  bytesOf([0x73, 0x72], utf(name), new Uint8Array(8), [2, 0, 0, 0x78, 0x70]);
const stream = (...parts: Uint8Array[]) => bytesOf(HEADER, ...parts);
const judge = async (bytes: Uint8Array, name = 'j48.model') =>
  verdicts(await scanBytes(name, bytes)).filter((v) => v !== 'info java/serialization');

describe('Java serialization', () => {
  it('a model of known libraries is told and has no vulnerability', async () => {
    const honest = stream(
      object('weka.classifiers.trees.J48'),
      object('[Lweka.core.Attribute;'),
      object('java.util.ArrayList'),
      object('[[D'),
      object('[F'),
    );
    for (const name of ['j48.model', 'x', 'm.ser']) {
      const report = await scanBytes(name, honest);
      assert.deepEqual(verdicts(report), ['info java/serialization']);
      assert.equal(report.status, 'scanned');
      assert.equal(report.description?.framework, 'Weka');
      assert.ok(report.description?.layers?.some((layer) => layer.className === 'weka.classifiers.trees.J48'));
    }
  });

  for (const name of [
    'org.apache.commons.collections.functors.InvokerTransformer',
    'org.apache.commons.collections4.functors.InstantiateTransformer',
    'org.apache.commons.collections.keyvalue.TiedMapEntry',
    'com.sun.org.apache.xalan.internal.xsltc.trax.TemplatesImpl',
    'org.codehaus.groovy.runtime.MethodClosure',
    'com.sun.rowset.JdbcRowSetImpl',
    'com.mchange.v2.c3p0.PoolBackedDataSource',
    'org.springframework.aop.framework.JdkDynamicAopProxy',
    'java.rmi.server.RemoteObjectInvocationHandler',
    'bsh.XThis',
    'java.lang.ProcessBuilder',
    '[Lorg.apache.commons.beanutils.BeanComparator;',
  ]) {
    it(`${name} is critical`, async () => {
      const bytes = stream(object('weka.core.Instances'), object(name));
      assert.deepEqual(await judge(bytes), ['critical java/gadget-class']);
    });
  }

  it('second streams, calls home and proxies', async () => {
    assert.deepEqual(await judge(stream(object('java.security.SignedObject'))), ['high java/gadget-class']);
    assert.deepEqual(await judge(stream(object('java.net.URL'))), ['medium java/gadget-class']);
    const proxy = bytesOf([0x73, 0x7d], integer(1, 4, false), utf('java.util.Map'), [0x78]);
    assert.deepEqual(await judge(stream(proxy)), ['medium java/dynamic-proxy']);
  });

  it('longer forms of characters hide no name', async () => {
    const overlong = Uint8Array.from(
      Array.from('bsh.XThis', (c) => [0xc0 | (c.charCodeAt(0) >> 6), 0x80 | (c.charCodeAt(0) & 63)]).flat(),
    );
    assert.deepEqual(await judge(stream(object(overlong))), ['critical java/gadget-class']);
    const disguised = Uint8Array.from([...new TextEncoder().encode('acme.'), 0xc1, 0x81]);
    assert.deepEqual(await judge(stream(object(disguised))), ['high java/gadget-class']);
  });

  it('classes of nobody are low, numbers are no classes', async () => {
    assert.deepEqual(await judge(stream(object('com.acme.Model'))), ['low java/unknown-class']);
    let state = 3;
    const noise = Uint8Array.from({ length: 2 ** 20 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
    assert.deepEqual(await judge(stream(object('weka.core.Instances'), noise)), []);
    assert.deepEqual(await judge(stream(noise, object('bsh.XThis'))), ['critical java/gadget-class']);
  });

  it('what the name promises and is not there has failed', async () => {
    assert.equal((await scanBytes('m.ser', Uint8Array.of(1, 2, 3, 4))).status, 'failed');
  });
});
