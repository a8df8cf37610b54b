export * from "../../lab/world/policy_host.ts";
