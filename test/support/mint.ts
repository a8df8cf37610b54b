export * from "../../lab/world/mint.ts";
