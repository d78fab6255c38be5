import { nginxWorkload } from './nginx-workload.js'
import { nodeWorkload } from './node-workload.js'
import { postgresWorkload } from './postgres-workload.js'
import { redisWorkload } from './redis-workload.js'
import type { Workload } from './workload.js'

export const allWorkloads: readonly Workload[] = [redisWorkload, postgresWorkload, nginxWorkload, nodeWorkload]
