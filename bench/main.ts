import { accept } from "./accept.ts";
import { dnsLookups } from "./dns.ts";
import { decisions } from "./policy.ts";
import { policyCost } from "./policy-cost.ts";
import { policyLookups } from "./policy-service.ts";
import { relay, relayTls } from "./relay.ts";
import { trace } from "./trace.ts";

/** `npm run bench [NAME…]`: each measurement runs beside a peer and ends in a ratio; exit 1 when a bound is missed. */
const MEASUREMENTS = new Map<string, () => Promise<readonly ({ readonly good: boolean } | undefined)[]>>([
  ["accept", async () => [await accept()]],
  ["relay", async () => [await relay()]],
  ["relay-tls", async () => [await relayTls()]],
  ["trace", async () => [await trace()]],
  ["policy", async () => [decisions()]],
  ["policy-cost", async () => await policyCost()],
  ["policy-service", async () => [await policyLookups()]],
  ["dns", async () => await dnsLookups()],
]);

const named = process.argv.slice(2);
for (const [name, measure] of MEASUREMENTS) {
  if (named.length > 0 && !named.includes(name)) continue;
  for (const result of await measure()) {
    if (result === undefined) process.stderr.write(`${name}: what it measures with is not here\n`);
    else process.stdout.write(`${JSON.stringify(result)}\n`);
    if (result?.good === false) process.exitCode = 1;
  }
}
