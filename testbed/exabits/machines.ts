import type { MachineRecord } from './store.ts';

const [REGION, ANOTHER_REGION] = ['us-east-demo', 'eu-north-demo'];

/** Made-up machines to rent, in the form of the API. */
export const FLAVORS = [
  {
    region: REGION,
    products: ['H100', 'H200'].map((gpu, index) => ({
      id: `65f00000000000000000040${index}`,
      name: `1x-${gpu}`,
      region_id: '65f000000000000000000001',
      region_name: REGION,
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
export const REGIONS = [REGION, ANOTHER_REGION].map((name, index) => ({
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
    fixed_ip: nowMs < startedAt ? null : fixedIp,
    // The real API includes the machine's own password, too.
    login: {
      _id: `${id.slice(0, -3)}200`,
      username: 'ubuntu',
      password: 'not-a-real-machine-password',
      ssh_key: { id: `${id.slice(0, -3)}300`, name: sshKeyName },
    },
    flavor: { name: '1x-H100', cpu: 16, ram: 128, disk: 512, gpu: 'H100', gpu_count: 1 },
    region: { name: REGION },
  };
}
