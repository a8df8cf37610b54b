export type { Converted, ConvertOptions, ConvertTo7Bit, OpenContent, Refusal } from "./types.ts";
