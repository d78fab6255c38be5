/** Ways of calling that could make a counter lose or invent a hit. */
export interface ExactnessMode {
  readonly fact: string
  readonly args: readonly string[]
}

export const exactnessModes: readonly ExactnessMode[] = [
  { fact: 'one thread', args: ['--calls', '200000'] },
  { fact: 'two threads', args: ['--threads', '2', '--calls', '200000'] },
  { fact: 'sixteen threads', args: ['--threads', '16', '--calls', '50000'] },
  { fact: 'a signal handler that calls too', args: ['--threads', '4', '--calls', '400000', '--signals', '1'] },
  { fact: 'threads that are born and end', args: ['--threads', '2', '--calls', '100000', '--births', '300'] },
  { fact: 'forked children that call too', args: ['--threads', '2', '--calls', '100000', '--forks', '50'] },
  { fact: 'vfork children, which share the memory', args: ['--calls', '100000', '--vforks', '50'] },
  { fact: 'posix_spawn', args: ['--calls', '100000', '--spawns', '50'] },
  {
    fact: 'all of it at once',
    args: '--threads 8 --calls 200000 --signals 1 --births 100 --forks 30 --vforks 30 --spawns 10'.split(' '),
  },
]
