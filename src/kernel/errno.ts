import { constants } from 'node:os'

const names = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]))

/** `ESRCH` for 3; `errno 999` for a number without a name. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`
}

export const {
  EPERM,
  ESRCH,
  EINTR,
  EISDIR,
  EIO,
  E2BIG,
  EACCES,
  EEXIST,
  EINVAL,
  EMFILE,
  ENFILE,
  ENODEV,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ECHILD,
  ENOMEM,
  ENOSYS,
  EOPNOTSUPP,
  EFAULT,
} = constants.errno
