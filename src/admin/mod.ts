export { type Admin, bindAdmin } from "./bind.ts";
