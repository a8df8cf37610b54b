declare const brand: unique symbol;

/** A value that only its parser or verifier can make. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };
