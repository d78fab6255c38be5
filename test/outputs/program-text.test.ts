import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programJson } from '../../src/outputs/json/program-json.js'
import { programText } from '../../src/outputs/text/program-text.js'
import type { MapValue } from '../../src/record/data-value.js'
import type { ProgramRecord } from '../../src/record/program-record.js'

function scalar(kind: 'map' | 'hist' | 'stats' | 'tseries', value: MapValue): ProgramRecord {
  return { kind: 'map', map: { name: '@', kind, keyed: false, entries: [[{ kind: 'none' }, value]] } }
}

test('a time series around zero is drawn as bpftrace’s own tests have it', () => {
  const points = [-5n, -4n, 0n, 1n, 5n].map((value, at) => ({ timeNs: BigInt(at + 1) * 100_000_000n, value }))
  const text = programText(scalar('tseries', { kind: 'series', intervalNs: 100_000_000n, points }))
  assert.equal(
    text.replace(/^\d\d:\d\d:/gm, '%H:00:'),
    `@:
             -5                                                  5
hh:mm:ss.ms  |___________________________________________________|
%H:00:00.100 *                         .                         | -5
%H:00:00.200 |    *                    .                         | -4
%H:00:00.300 |                         *                         | 0
%H:00:00.400 |                         .    *                    | 1
%H:00:00.500 |                         .                         * 5
             v___________________________________________________v
             -5                                                  5

`,
  )
})

test('an interval without a value has no point', () => {
  const points = [
    { timeNs: 1_000_000_000n, value: 1n },
    { timeNs: 2_000_000_000n, value: undefined },
  ]
  const lines = programText(scalar('tseries', { kind: 'series', intervalNs: 1_000_000_000n, points })).split('\n')
  assert.equal(lines[2], 'hh:mm:ss |___________________________________________________|')
  assert.match(lines[4] ?? '', /^\d\d:\d\d:02 \| {51}\| -$/)
  assert.equal(programText(scalar('tseries', { kind: 'series', intervalNs: 1n, points: [] })), '@:\n<no data>\n')
})

// record | text | JSON
const records: readonly [ProgramRecord, string, string][] = [
  [{ kind: 'attached', probes: 1 }, 'Attached 1 probe\n', '{"type": "attached_probes", "data": {"probes": 1}}\n'],
  [{ kind: 'attached', probes: 0 }, 'Attached 0 probes\n', '{"type": "attached_probes", "data": {"probes": 0}}\n'],
  [{ kind: 'lost', events: 5n }, 'Lost 5 events\n', '{"type": "lost_events", "data": {"events": 5}}\n'],
  [
    { kind: 'printf', text: 'a "b"\n\\b\x01\x08' },
    'a "b"\n\\b\x01\x08',
    '{"type": "printf", "data": "a \\"b\\"\\n\\\\b\\u0001\\u0008"}\n',
  ],
  [
    { kind: 'burst', text: Buffer.from('a\nbé'), ends: Uint32Array.of(2, 2, 5) },
    'a\nbé',
    '{"type": "printf", "data": "a\\n"}\n{"type": "printf", "data": ""}\n{"type": "printf", "data": "bé"}\n',
  ],
  [{ kind: 'join', text: 'ls -l' }, 'ls -l\n', '{"type": "join", "data": "ls -l"}\n'],
  [{ kind: 'time', text: '12:00\n' }, '12:00\n', '{"type": "time", "data": "12:00\\n"}\n'],
  [{ kind: 'end' }, '\n\n', ''],
  [scalar('map', { kind: 'integer', value: 5n }), '@: 5\n', '{"type": "map", "data": {"@": 5}}\n'],
  [
    scalar('stats', { kind: 'stats', count: 2n, average: 3n, total: 6n }),
    '@: count 2, average 3, total 6\n',
    '{"type": "stats", "data": {"@": {"count": 2, "average": 3, "total": 6}}}\n',
  ],
  [scalar('map', { kind: 'symbolic', text: '0x10', value: 16n }), '@: 0x10\n', '{"type": "map", "data": {"@": 16}}\n'],
  [
    scalar('map', { kind: 'record', fields: [['a', { kind: 'integer', value: 1n }]] }),
    '@: { .a = 1 }\n',
    '{"type": "map", "data": {"@": {"a": 1}}}\n',
  ],
  [scalar('map', { kind: 'record', fields: [] }), '@: {}\n', '{"type": "map", "data": {"@": {}}}\n'],
  [
    scalar('map', { kind: 'integer', value: 1n << 62n }),
    `@: ${1n << 62n}\n`,
    `{"type": "map", "data": {"@": ${1n << 62n}}}\n`,
  ],
  [
    scalar('map', { kind: 'integer', value: (1n << 62n) + 1n }),
    `@: ${(1n << 62n) + 1n}\n`,
    `{"type": "map", "data": {"@": "${(1n << 62n) + 1n}"}}\n`,
  ],
]

for (const [record, text, json] of records) {
  test(`${JSON.stringify(text)} in text and JSON`, () => {
    assert.equal(programText(record), text)
    assert.equal(programJson(record), json)
  })
}
