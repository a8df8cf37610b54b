import { subscribe } from "../events.ts";
import { LATENCIES, SIZES } from "./metrics_buckets.ts";
import type { Maker } from "./metrics_make.ts";

/** What comes in by SMTP, or is refused. */
export function countReceiving({ counter, gauge, histogram }: Maker): readonly Disposable[] {
  const open = gauge("hopseal_smtp_open_connections", "Clients connected now, by the role of the listener", {
    aggregator: "sum",
    labels: ["role"],
  });
  const connections = counter("hopseal_smtp_connections_total", "Clients that connected", ["role"]);
  const sessions = counter(
    "hopseal_smtp_sessions_total",
    "Sessions that ended, by the version of TLS and by who ended them",
    ["role", "tls", "ended"],
  );
  const handshakes = histogram("hopseal_tls_handshake_seconds", "TLS handshakes that came to their end", {
    buckets: LATENCIES,
    labels: ["side", "version"],
  });
  const refused = counter("hopseal_smtp_refused_total", "Replies that refused, by stage of the session and cause", [
    "stage",
    "cause",
  ]);
  const accepted = counter("hopseal_accepted_messages_total", "Messages accepted, by how they came", ["tls"]);
  const octets = counter("hopseal_accepted_bytes_total", "Octets of messages accepted");
  const sizes = histogram("hopseal_accepted_size_bytes", "Sizes of messages accepted", { buckets: SIZES });
  const latency = histogram(
    "hopseal_accept_latency_seconds",
    "From the final dot until the message is durable and the reply goes out",
    { buckets: LATENCIES },
  );
  const limited = counter("hopseal_limited_total", "Times that a bound was reached and somebody met it", ["limit"]);
  const faults = counter("hopseal_faults_total", "Faults that the log tells of, by where they were", ["where"]);
  return [
    subscribe("hopseal:connection", (event) => {
      open.add(event.change === "opened" ? 1 : -1, event.role);
      if (event.change === "opened") connections(1, event.role);
      else sessions(1, event.role, event.tls, event.ended);
    }),
    subscribe("hopseal:handshake", ({ side, version, took }) => handshakes(took / 1000, side, version)),
    subscribe("hopseal:refused", ({ stage, cause }) => refused(1, stage, cause)),
    subscribe("hopseal:accepted", ({ tls, size, took }) => {
      accepted(1, versionIn(tls));
      octets(size);
      sizes(size);
      latency(took / 1000);
    }),
    subscribe("hopseal:limited", ({ limit }) => limited(1, limit)),
    subscribe("hopseal:fault", ({ where }) => faults(1, where)),
  ];
}

/** "TLSv1.3" of "TLSv1.3:TLS_AES_256_GCM_SHA384"; "plaintext" and "local" are themselves. */
function versionIn(tls: string): string {
  const end = tls.indexOf(":");
  return end === -1 ? tls : tls.slice(0, end);
}
