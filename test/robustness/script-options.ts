import { parseArgs } from 'node:util'

export interface ScriptOptions {
  readonly rounds: number
  readonly only: string | undefined
  readonly seed: number
  /** What stands before the options. */
  readonly names: readonly string[]
}

/** `--rounds N`, `--only NAME`, `--seed N`: the same for every script of this folder. */
export function scriptOptions(defaultRounds: number): ScriptOptions {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: 'string' }, only: { type: 'string' }, seed: { type: 'string' } },
  })
  return {
    rounds: Number(values.rounds ?? defaultRounds),
    only: values.only,
    names: positionals,
    seed: Number(values.seed ?? Date.now() % 1_000_000),
  }
}
