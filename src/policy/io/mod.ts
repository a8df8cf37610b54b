export { fetchListFile, type ListFetchOptions } from "./list-fetch.ts";
export {
  type HeldList,
  judgeList,
  type ListKey,
  type ListOctets,
  type ListOrigin,
  type ListSource,
  loadList,
  readOctets,
  takeList,
} from "./list-held.ts";
export { storedStamp } from "./list-store.ts";
export { type ListView, openPolicyLists, type PolicyLists } from "./list-keeper.ts";
export { isPublicAddress } from "./public-address.ts";
export { type AnswerLookup, serveSocketmap } from "./socketmap.ts";
export { type PolicySourcesOptions, policySources } from "./sources.ts";
export { type StsCache, type StsCacheOptions, startStsCache } from "./sts-cache.ts";
export type { StsFetch } from "./sts-drive.ts";
export { fetchStsPolicy, type StsDial, type StsFetchOptions } from "./sts-fetch.ts";
export { openStsStore, type StoredSts, type StsStore, type StsStoreOptions } from "./sts-store.ts";
export { limited } from "./sts-limit.ts";
