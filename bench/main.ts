import { accept } from "./accept.ts";

/** `npm run bench`: each measurement runs beside a peer and ends in a ratio; exit 1 when a bound is missed. */
const results = [await accept()];

for (const result of results) process.stdout.write(`${JSON.stringify(result)}\n`);
if (results.some((result) => !result.good)) process.exitCode = 1;
