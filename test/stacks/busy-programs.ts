import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTarget, type Target } from '../programs/start-target.js'

export async function startPython(python: string): Promise<Target & AsyncDisposable> {
  const script = [
    'import json, re',
    'def work(n):',
    '    d = {i: [str(i)] * 10 for i in range(n)}',
    '    return sorted(json.loads(json.dumps(d)), key=lambda k: re.sub("[0-4]", "x", k))',
    'print("ready", flush=True)',
    'while True: work(50)',
  ]
  return startTarget(python, ['-c', script.join('\n')])
}

export async function startNode(): Promise<Target & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'ring3-node-'))
  const file = join(folder, 'busy.mjs')
  const lines = [
    "import { createHash } from 'node:crypto'",
    "import { readFile } from 'node:fs/promises'",
    "console.log('ready')",
    'for (let n = 0; ; n++) {',
    "  const text = JSON.stringify(Array.from({ length: 50 }, (_, at) => ({ at, hash: createHash('sha1').update(String(n + at)).digest('hex') })))",
    '  JSON.parse(text).sort((a, b) => (a.hash < b.hash ? -1 : 1))',
    "  await readFile('/proc/self/stat')",
    '}',
  ]
  writeFileSync(file, lines.join('\n'))
  const target = await startTarget(process.execPath, [file])
  void target.exited.then(() => rmSync(folder, { recursive: true }))
  return target
}
