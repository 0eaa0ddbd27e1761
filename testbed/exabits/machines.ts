import type { MachineRecord } from './store.ts';

/** Made-up machines to rent, in the form of the API. */
export const FLAVORS = [
  {
    region: 'us-east-demo',
    products: ['H100', 'H200'].map((gpu, index) => ({
      id: `65f00000000000000000040${index}`,
      name: `1x-${gpu}`,
      region_id: '65f000000000000000000001',
      region_name: 'us-east-demo',
      gpu,
      gpu_count: 1,
      cpu: 16,
      ram: 128,
      disk: 512,
      price: 2.5 + index,
      cycle: 'hourly',
      stock_available: index === 0,
    })),
  },
];

/** Made-up places, in the form of the API. */
export const REGIONS = ['us-east-demo', 'eu-north-demo'].map((name, index) => ({
  id: `65f00000000000000000000${index + 1}`,
  name,
  description: 'A made-up region',
}));

/**
 * A machine as the API shows it.
 *
 * @param nowMs the sandbox's clock
 */
export function showMachine(machine: MachineRecord, nowMs: number): Record<string, unknown> {
  const { id, name, fixedIp, sshKeyName, startedAt, status } = machine;
  return {
    id,
    name,
    status: nowMs < startedAt ? 'creating' : status,
    // The real API includes the machine's own password, too.
    login: {
      _id: `${id.slice(0, -3)}200`,
      ssh_key: { id: `${id.slice(0, -3)}300`, name: sshKeyName },
      username: 'ubuntu',
      password: 'not-a-real-machine-password',
    },
    fixed_ip: fixedIp,
    flavor: { name: '1x-demo-gpu', cpu: 16, ram: 128, disk: 512, gpu: 'DEMO', gpu_count: 1 },
    region: { name: 'us-east-demo' },
  };
}

type Shown = ReturnType<typeof showMachine>;

/**
 * Whether a machine passes the `filters` of a list.
 *
 * @param json a JSON list of `{"key", "op", "val"}`; null filters nothing
 * @throws an Error if it is something else, or has an operator that the sandbox does not know
 */
export function machineFilter(json: string | null): (machine: Shown) => boolean {
  const filters: { key: string; op: string; val: unknown }[] = json === null ? [] : JSON.parse(json);
  if (filters.some(({ op }) => !['contains', 'eq', 'ne'].includes(op))) throw new Error('Unknown operator');
  return (machine) =>
    filters.every(({ key, op, val }) => {
      if (op === 'contains') return String(machine[key]).includes(String(val));
      return (String(machine[key]) === String(val)) === (op === 'eq');
    });
}
