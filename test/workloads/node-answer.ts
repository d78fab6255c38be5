import { createHash } from 'node:crypto'

/** What the node workload's server answers to request n; its client computes it too. */
export function answerTo(n: number): string {
  const list = Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, value: i * n }))
  const hash = createHash('sha256').update(JSON.stringify(list)).digest('hex')
  return JSON.stringify({ n, hash, list })
}
