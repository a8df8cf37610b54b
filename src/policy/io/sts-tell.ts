import { publish } from "../../observe/mod.ts";
import type { StsNews } from "../sources/sts-news.ts";

/** Tells the postmaster; of failures in a row the second, and then ever more rarely. */
export function tell(news: StsNews): void {
  const { domain, kind } = news;
  if (kind !== "refresh-failed") {
    publish("hopseal:policy", { domain, what: kind, source: "mta-sts", text: news.says });
    return;
  }
  const { count, expires, trouble } = news;
  if (count < 2 || (count & (count - 1)) !== 0) return;
  const text = `the stored policy could not be renewed ${count} times and ends at ${new Date(expires).toISOString()}: ${trouble.detail}`;
  publish("hopseal:policy", { domain, what: kind, source: "mta-sts", text });
}
