/** Why something of bpftrace's language is not there, and what to write instead. */
export interface Unavailable {
  readonly because: string
  readonly instead: string
}

const kernelOnly = 'it needs the kernel’s own data, and the handler runs in the target'

/** Builtins and functions of bpftrace that are refused by name. */
export const unavailableNames: ReadonlyMap<string, Unavailable> = new Map<string, Unavailable>([
  ...named(
    'kstack kstack_len',
    'the handler runs in user space, and sees no kernel stack',
    'ustack is the program’s own',
  ),
  ...named('ustack_len stack', 'it is not there yet', 'len(ustack), or ustack'),
  ...named('ksym kaddr percpu_kaddr kptr', kernelOnly, 'usym() and uaddr() name what is in the target'),
  ...named('curtask ctx numaid ppid pcomm', kernelOnly, 'pid, tid, comm, uid and gid are there'),
  ...named('cgroup cgroupid cgroup_path', kernelOnly, 'choose the process with -p'),
  ...named('jiffies', kernelOnly, 'nsecs'),
  ...named(
    'args',
    'the arguments’ types would have to come from DWARF, which is not read yet',
    'arg0, arg1 …, and casts: ((struct Foo *)arg0).field',
  ),
  ...named('uptr', 'every pointer here is one of user space', 'leave it out'),
  ...named('override', 'the result of a function cannot be replaced by a program', 'probe it from TypeScript'),
  ...named('path skboutput skb_output socket_cookie', kernelOnly, 'str() reads what the target has'),
  ...named('unwatch', 'watchpoints stay until the script ends', 'leave it out'),
  ...named('getopt', 'named parameters are not there yet', 'positional parameters: $1, str($1), $#'),
  ...named('fail assert static_assert', 'it belongs to bpftrace’s library of macros', 'errorf("…"); exit(1);'),
  ...named('find', 'it is not there yet', 'if (has_key(@map, key)) { $x = @map[key]; … }'),
  ...named('memcmp', 'it is not there yet', '== compares arrays, buffers and strings'),
  ...named('strcap default_str_length assert_str globmatch', 'it is not there yet', 'strncmp() and strcontains()'),
  ...named(
    'is_array is_integer is_literal is_ptr is_str is_unsigned_integer is_scalar typeof typeinfo',
    'types cannot be asked for yet',
    'write the program for the types that it has',
  ),
  ...named('syscall_name', 'it is not there yet', 'print the number'),
  ...named('probetype', 'it is not there yet', 'probe'),
  ...named('kfunc_allowed kfunc_exist', kernelOnly, 'leave it out'),
])

function named(names: string, because: string, instead: string): [string, Unavailable][] {
  return names.split(' ').map((name) => [name, { because, instead }])
}
