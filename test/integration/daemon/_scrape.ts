import { request as httpRequest } from "node:http";

/** GET over a unix socket. */
export function get(socketPath: string, path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, path, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    request.on("error", reject).end();
  });
}

/** name{labels} → value of what /metrics says. */
export async function scrape(socketPath: string): Promise<ReadonlyMap<string, number>> {
  const { body } = await get(socketPath, "/metrics");
  const lines = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** Asks until it fits, or often enough. */
export async function scrapeUntil(
  socketPath: string,
  fits: (values: ReadonlyMap<string, number>) => boolean,
): Promise<ReadonlyMap<string, number>> {
  let values = await scrape(socketPath);
  for (let tries = 0; !fits(values) && tries < MOST_TRIES; tries++) values = await scrape(socketPath);
  return values;
}

const MOST_TRIES = 2000;
