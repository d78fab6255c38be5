import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CfaExpression, cfaExpression, isFramePointer } from '../../src/dwarf/frame-expression.js'

/** As readelf shows them, the bytes, and what they mean. */
const vectors: readonly (readonly [text: string, bytes: string, expected: CfaExpression | undefined])[] = [
  [
    'breg7 8; breg16 0; lit15; and; lit11; ge; lit3; shl; plus',
    '770880003f1a3b2a332422',
    { kind: 'linkage-entry', pushedFrom: 11 },
  ],
  [
    'breg7 8; breg16 0; lit15; and; lit10; ge; lit3; shl; plus',
    '770880003f1a3a2a332422',
    { kind: 'linkage-entry', pushedFrom: 10 },
  ],
  ['breg6 -8; deref', '767806', { kind: 'kept-at-frame-pointer', offset: -8 }],
  ['breg6 -128; deref', '76807f06', { kind: 'kept-at-frame-pointer', offset: -128 }],
  ['breg7 152; deref; plus_uconst 8', '779801062308', { kind: 'kept-at-stack-pointer', offset: 152 }],
  ['breg7 16; deref; plus_uconst 64', '7710062340', undefined],
  ['breg7 160; deref', '77a00106', undefined],
  ['breg6 88; deref; plus_uconst 8', '76d800062308', undefined],
  ['breg7 8', '7708', undefined],
  ['breg3 8; deref', '730806', undefined],
  ['nothing', '', undefined],
  ['breg7', '77', undefined],
]

for (const [text, bytes, expected] of vectors) {
  test(`${text} is ${expected?.kind ?? 'not understood'}`, () => {
    assert.deepEqual(cfaExpression(Buffer.from(bytes, 'hex')), expected)
  })
}

test('the address in rbp is breg6 0, and nothing else', () => {
  const are = ['7600', '7608', '7700', '760006', '76', ''].map((bytes) => isFramePointer(Buffer.from(bytes, 'hex')))
  assert.deepEqual(are, [true, false, false, false, false, false])
})
